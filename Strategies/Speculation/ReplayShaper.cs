namespace Switchyard.Strategies.Speculation;

/// <summary>Decides as a recording says: the same requests, joined at the same steps, draft and verify the same trees again.</summary>
/// <param name="recording">What was decided.</param>
/// <param name="children">As the recorded shaper had it.</param>
/// <param name="maxDepth">Likewise.</param>
/// <param name="maxNodes">Likewise.</param>
public sealed class ReplayShaper(ShapeRecording recording, int children, int maxDepth, int maxNodes) : ITreeShaper
{
    private int _next;

    /// <inheritdoc/>
    public int Children => children;

    /// <inheritdoc/>
    public int MaxDepth => maxDepth;

    /// <inheritdoc/>
    public int MaxNodes => maxNodes;

    /// <summary>Whether every recorded decision was used.</summary>
    public bool IsDone => _next == recording.Values.Count;

    /// <inheritdoc/>
    public void Begin(ReadOnlySpan<DraftSession> sessions)
    {
        CheckCount(sessions);
        foreach (DraftSession session in sessions)
            if (Read() == 0) session.EndFrontier();
    }

    /// <inheritdoc/>
    public bool Grow(ReadOnlySpan<DraftSession> sessions, int depth)
    {
        CheckCount(sessions);
        bool any = false;
        foreach (DraftSession session in sessions)
        {
            int width = Read();
            if (session.FrontierCount == 0) continue;
            if (width == 0) session.EndFrontier();
            else session.SetFrontier(width);
            any |= width > 0;
        }
        return any;
    }

    /// <inheritdoc/>
    public void Prune(ReadOnlySpan<DraftSession> sessions)
    {
        foreach (DraftSession session in sessions) session.Tree.KeepBest(Read());
    }

    /// <inheritdoc/>
    public void Learn(ReadOnlySpan<DraftSession> sessions, in StepTimes times)
    {
    }

    private void CheckCount(ReadOnlySpan<DraftSession> sessions)
    {
        int count = Read();
        if (count != sessions.Length)
            throw new InvalidOperationException($"The recording has {count} requests drafting here; this run has {sessions.Length}. Replay with the requests, options and models of the recorded run.");
    }

    private int Read() => _next < recording.Values.Count
        ? recording.Values[_next++]
        : throw new InvalidOperationException("The recording ends before the run. Replay with the requests, options and models of the recorded run.");
}
