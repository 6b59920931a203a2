namespace Switchyard.Strategies.SpecRouter;

/// <summary>
/// Stands between the router and a level below the target, which may throw: a failure closes its lanes and leaves it out for a
/// while that doubles with every failure in a row. It is never left out for good.
/// </summary>
internal sealed class LevelGuard(IChainLevel level, LevelReport report)
{
    private const int FirstRest = 16, LongestRest = 4096; // passes of any level

    private int _inRow;
    private long _restsUntil;

    public IChainLevel Level => level;

    public LevelReport Report => report;

    public bool IsUsable(long pass) => pass >= _restsUntil;

    public void Works() => _inRow = 0;

    /// <summary>Opens a lane if it is not open and there is room.</summary>
    public bool Open(LevelLane lane, long pass)
    {
        if (lane.IsOpen || lane.IsBarred) return lane.IsOpen;
        try
        {
            lane.IsOpen = level.TryOpen(lane);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Note(e, pass);
        }
        return lane.IsOpen;
    }

    /// <summary>Closes a lane, whatever state it is in.</summary>
    public void Close(LevelLane lane)
    {
        if (!lane.IsOpen) return;
        (lane.IsOpen, lane.Verified, lane.Cached) = (false, 0, 0);
        try
        {
            level.Close(lane);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Note(e, long.MaxValue / 2); // what it still holds is unknown: the one failure that lasts
        }
        lane.State = null;
    }

    /// <summary>Ends the pass after an error.</summary>
    public void Fail(Exception e, long pass)
    {
        Note(e, pass);
        try
        {
            level.Clear();
        }
        catch (Exception again) when (again is not OutOfMemoryException)
        {
            Note(again, pass);
        }
    }

    /// <summary>Leaves one request alone for a while: its answer was no number or no token.</summary>
    public void Refuse(LevelLane lane, int committed, Exception? e)
    {
        report.RefusedAnswers++;
        if (e is not null) report.LastFailure = e;
        lane.RestsUntil = committed + (8 << Math.Min(lane.Failures++, 8));
    }

    private void Note(Exception e, long pass)
    {
        report.Failures++;
        report.LastFailure = e;
        _restsUntil = pass + Math.Min(LongestRest, FirstRest << Math.Min(_inRow++, 8));
    }
}
