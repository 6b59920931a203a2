using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Speculation;

namespace Switchyard.Tests.Cast;

/// <summary>A clock that only passes move: what each takes is read from tables.</summary>
internal sealed class SimulatedClock : TimeProvider
{
    public double Seconds { get; set; }

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => (long)(Seconds * 1e9);
}

/// <summary>A drafter whose calls, and the target's pass between its last call and what it observes, take the time that tables say.</summary>
internal sealed class ClockedDrafter(IDrafter inner, SimulatedClock clock, ICostModel costs) : IDrafter
{
    public string Name => inner.Name;

    public bool TryOpen(DraftSession session) => inner.TryOpen(session);

    public int Expand(ReadOnlySpan<DraftSession> sessions, int children)
    {
        int rows = 0;
        foreach (DraftSession session in sessions) rows += session.FrontierCount;
        if (rows > 0) clock.Seconds += costs.DraftSeconds(1, 0, rows);
        return inner.Expand(sessions, children);
    }

    public void Observe(ReadOnlySpan<DraftSession> sessions)
    {
        int rows = 0;
        foreach (DraftSession session in sessions) rows += 1 + session.Walk.Shown;
        clock.Seconds += costs.TargetSeconds(1, 0, rows);
        inner.Observe(sessions);
    }

    public void Close(DraftSession session) => inner.Close(session);

    public void Dispose() => inner.Dispose();
}
