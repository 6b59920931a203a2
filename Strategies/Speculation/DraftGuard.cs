namespace Switchyard.Strategies.Speculation;

/// <summary>
/// Stands between a strategy and a drafter that may throw: a failure ends this step's drafts, closes every session, and asks
/// again after a pause that doubles with every failure in a row.
/// </summary>
internal sealed class DraftGuard(IDrafter drafter, DraftReport report)
{
    private const int LongestPause = 1024; // steps

    private int _inRow, _pause;

    /// <summary>Whether the drafter may be asked in this step; to be called once a step.</summary>
    public bool Ready()
    {
        if (report.IsAbandoned) return false;
        if (_pause == 0) return true;
        _pause--;
        return false;
    }

    /// <summary>Opens a session if it is not open and there is room.</summary>
    /// <returns>False when there is no room until another session is closed; true otherwise, also after a failure.</returns>
    public bool TryOpen(DraftSession session)
    {
        if (session.IsOpen || report.IsAbandoned) return true;
        try
        {
            if (!drafter.TryOpen(session)) return false;
            session.IsOpen = true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Note(e);
        }
        return true;
    }

    /// <summary>Asks for children; false, with every session closed, if the drafter threw.</summary>
    public bool Expand(ReadOnlySpan<DraftSession> sessions, int children, out int passes)
    {
        passes = 0;
        try
        {
            passes = drafter.Expand(sessions, children);
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Fail(sessions, e);
            return false;
        }
    }

    /// <summary>Says that no more is asked of this step; false, with every session closed, if the drafter threw.</summary>
    public bool Settle(ReadOnlySpan<DraftSession> sessions)
    {
        try
        {
            drafter.Settle(sessions);
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Fail(sessions, e);
            return false;
        }
    }

    /// <summary>Tells of committed tokens.</summary>
    public void Observe(ReadOnlySpan<DraftSession> sessions)
    {
        try
        {
            drafter.Observe(sessions);
            _inRow = 0;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Fail(sessions, e);
        }
    }

    /// <summary>Closes a session if it is open.</summary>
    public void Close(DraftSession session)
    {
        if (!session.IsOpen) return;
        session.IsOpen = false;
        try
        {
            drafter.Close(session);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Note(e);
            report.IsAbandoned = true; // what it holds is unknown from here on
        }
        session.State = null;
    }

    private void Fail(ReadOnlySpan<DraftSession> sessions, Exception e)
    {
        Note(e);
        foreach (DraftSession session in sessions)
        {
            session.Abandon();
            Close(session);
        }
    }

    private void Note(Exception e)
    {
        report.Failures++;
        report.LastFailure = e;
        _pause = Math.Min(LongestPause, 1 << Math.Min(_inRow++, 10));
    }
}
