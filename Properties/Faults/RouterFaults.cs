using Switchyard.Strategies;
using Switchyard.Strategies.SpecRouter;

namespace Switchyard.Properties.Faults;

/// <summary>Passes everything on to another level: what a planted mistake overrides one method of.</summary>
internal class LevelDecorator(IChainLevel inner) : IChainLevel
{
    protected IChainLevel Inner { get; } = inner;

    /// <summary>Lanes of the pass in the making.</summary>
    protected List<LevelLane> Lanes { get; } = [];

    public string Name => Inner.Name;

    public bool Verifies => Inner.Verifies;

    public int Capacity => Inner.Capacity;

    public int LayerCount => Inner.LayerCount;

    public int Room => Inner.Room;

    public virtual bool TryOpen(LevelLane lane) => Inner.TryOpen(lane);

    public virtual void Close(LevelLane lane) => Inner.Close(lane);

    public virtual int Missing(LevelLane lane, ReadOnlySpan<int> context) => Inner.Missing(lane, context);

    public virtual int Feed(LevelLane lane, ReadOnlySpan<int> context, int most) => Inner.Feed(lane, context, most);

    public virtual void Run() => Inner.Run();

    public virtual bool Add(LevelLane lane, ReadOnlySpan<int> context, ReadOnlySpan<int> pending)
    {
        if (!Inner.Add(lane, context, pending)) return false;
        Lanes.Add(lane);
        return true;
    }

    public virtual void Clear()
    {
        Lanes.Clear();
        Inner.Clear();
    }

    public void Dispose() => Inner.Dispose();
}

/// <summary>Keeps whatever it is handed.</summary>
internal sealed class Credulous(IChainLevel inner) : LevelDecorator(inner)
{
    private readonly Dictionary<LevelLane, int[]> _pending = [];

    public override bool Add(LevelLane lane, ReadOnlySpan<int> context, ReadOnlySpan<int> pending)
    {
        _pending[lane] = pending.ToArray();
        return base.Add(lane, context, pending);
    }

    public override void Run()
    {
        base.Run();
        foreach (LevelLane lane in Lanes)
        {
            TokenChoice last = lane.Choices[^1];
            if (lane.ChoiceCount > _pending[lane].Length) continue;
            lane.ClearChoices();
            foreach (int token in _pending[lane]) lane.Choose(new TokenChoice(token));
            lane.Choose(last);
        }
    }
}

/// <summary>Tells everybody what it chose for the first.</summary>
internal sealed class FirstLaneForAll(IChainLevel inner) : LevelDecorator(inner)
{
    public override void Run()
    {
        base.Run();
        TokenChoice[] first = Lanes.Count == 0 ? [] : Lanes[0].Choices.ToArray();
        foreach (LevelLane lane in Lanes.Skip(1))
        {
            lane.ClearChoices();
            foreach (TokenChoice choice in first) lane.Choose(choice);
        }
    }
}

/// <summary>Counts a guess more than there was, now and then.</summary>
internal sealed class CountsGuessTwice(IDecodingStrategy inner) : StrategyDecorator(inner)
{
    public override StepStats Step(ReadOnlySpan<DecodingRequest> batch)
    {
        StepStats stats = Inner.Step(batch);
        if (stats.Drafted > 0) batch[0].Statistics.RecordLevel(0, offered: 1, kept: 0);
        return stats;
    }
}
