namespace Switchyard.Strategies.Speculation;

/// <summary>Writes down what another shaper decides.</summary>
/// <param name="inner">The shaper that decides.</param>
/// <param name="recording">Where to.</param>
public sealed class RecordingShaper(ITreeShaper inner, ShapeRecording recording) : ITreeShaper
{
    /// <inheritdoc/>
    public int Children => inner.Children;

    /// <inheritdoc/>
    public int MaxDepth => inner.MaxDepth;

    /// <inheritdoc/>
    public int MaxNodes => inner.MaxNodes;

    /// <inheritdoc/>
    public void Begin(ReadOnlySpan<DraftSession> sessions)
    {
        inner.Begin(sessions);
        WriteFrontiers(sessions);
    }

    /// <inheritdoc/>
    public bool Grow(ReadOnlySpan<DraftSession> sessions, int depth)
    {
        bool more = inner.Grow(sessions, depth);
        WriteFrontiers(sessions);
        return more;
    }

    /// <inheritdoc/>
    public void Prune(ReadOnlySpan<DraftSession> sessions)
    {
        inner.Prune(sessions);
        foreach (DraftSession session in sessions) recording.Write(session.Tree.Count);
    }

    /// <inheritdoc/>
    public void Learn(ReadOnlySpan<DraftSession> sessions, in StepTimes times) => inner.Learn(sessions, times);

    private void WriteFrontiers(ReadOnlySpan<DraftSession> sessions)
    {
        recording.Write(sessions.Length);
        foreach (DraftSession session in sessions) recording.Write(session.FrontierCount);
    }
}
