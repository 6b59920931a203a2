using Switchyard.Strategies;
using Switchyard.Strategies.Sampling;
using Switchyard.Strategies.SpecRouter;

namespace Switchyard.Tests.SpecRouter;

/// <summary>A level with another one inside.</summary>
internal class LevelDecorator(IChainLevel inner) : IChainLevel
{
    protected IChainLevel Inner { get; } = inner;
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

/// <summary>A level that does what it must not.</summary>
internal sealed class HostileLevel(IChainLevel inner, HostileLevel.Way way) : LevelDecorator(inner)
{
    private int _calls;

    public enum Way
    {
        ThrowsInRun,
        ThrowsInAdd,
        ThrowsInMissing,
        ThrowsInOpen,
        ThrowsInClose,
        ThrowsAtTimes,
        Strangers,
        NotTokens,
        NotNumbers,
        NotNumbersForOdd,
        Silent,
    }

    public override bool TryOpen(LevelLane lane)
    {
        Throw(Way.ThrowsInOpen);
        return base.TryOpen(lane);
    }

    public override void Close(LevelLane lane)
    {
        Throw(Way.ThrowsInClose);
        base.Close(lane);
    }

    public override int Missing(LevelLane lane, ReadOnlySpan<int> context)
    {
        Throw(Way.ThrowsInMissing);
        return base.Missing(lane, context);
    }

    public override bool Add(LevelLane lane, ReadOnlySpan<int> context, ReadOnlySpan<int> pending)
    {
        bool added = base.Add(lane, context, pending);
        Throw(Way.ThrowsInAdd); // after the rows were added
        return added;
    }

    public override void Run()
    {
        if (_calls++ % 7 == 3) Throw(Way.ThrowsAtTimes);
        base.Run();
        Throw(Way.ThrowsInRun); // after caches were written
        foreach (LevelLane lane in Lanes) Twist(lane);
    }

    private void Twist(LevelLane lane)
    {
        int count = lane.ChoiceCount;
        switch (way)
        {
            case Way.Strangers:
                lane.ClearChoices();
                for (int i = 0; i < count + 3; i++) lane.Choose(new TokenChoice((_calls * 31 + i * 7) % 29)); // more than it was asked
                break;
            case Way.NotTokens:
                lane.ClearChoices();
                lane.Choose(new TokenChoice(_calls % 2 == 0 ? -1 : 1_000_000));
                break;
            case Way.NotNumbers:
            case Way.NotNumbersForOdd when lane.Request.Seed % 2 == 1:
                lane.ClearChoices();
                lane.Error = new LogitsException("not a number");
                break;
            case Way.Silent:
                lane.ClearChoices();
                break;
        }
    }

    private void Throw(Way when)
    {
        if (way == when) throw new InvalidOperationException("hostile");
    }
}

/// <summary>A planted mistake: it keeps whatever it is handed.</summary>
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

/// <summary>A planted mistake: a middle that passes on what it kept and drops its own correction.</summary>
internal sealed class DropsItsCorrection(IChainLevel inner) : LevelDecorator(inner)
{
    public override void Run()
    {
        base.Run();
        foreach (LevelLane lane in Lanes)
        {
            if (lane.ChoiceCount < 2) continue;
            TokenChoice[] kept = lane.Choices[..^1].ToArray();
            lane.ClearChoices();
            foreach (TokenChoice choice in kept) lane.Choose(choice);
        }
    }
}

/// <summary>A planted mistake: a cache that is never put right, only continued.</summary>
internal sealed class NeverReconciles(ModelLevel inner) : LevelDecorator(inner)
{
    public override int Missing(LevelLane lane, ReadOnlySpan<int> context) =>
        ModelLevel.CacheOf(lane) is { } kv && kv.Length < context.Length ? context.Length - kv.Length : base.Missing(lane, context);
}
