using Switchyard.Properties.Faults;
using Switchyard.Strategies;
using Switchyard.Strategies.Sampling;
using Switchyard.Strategies.SpecRouter;

namespace Switchyard.Tests.SpecRouter;

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
