namespace Switchyard.Strategies.Speculation;

/// <summary>Trees of fixed numbers: EAGLE-2's (arXiv:2406.16858), and chains as their narrowest form.</summary>
public sealed class FixedShaper : ITreeShaper
{
    private readonly int _breadth;

    /// <summary>Sets the numbers.</summary>
    /// <param name="depth">Layers drafted.</param>
    /// <param name="breadth">Nodes expanded in a layer, and children of each.</param>
    /// <param name="nodes">Nodes shown to the target: the best by score.</param>
    public FixedShaper(int depth, int breadth, int nodes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(breadth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(nodes);
        (MaxDepth, _breadth, MaxNodes) = (depth, breadth, nodes);
    }

    /// <inheritdoc/>
    public int Children => _breadth;

    /// <inheritdoc/>
    public int MaxDepth { get; }

    /// <inheritdoc/>
    public int MaxNodes { get; }

    /// <summary>A chain of <paramref name="length"/> guesses.</summary>
    public static FixedShaper Chain(int length) => new(length, 1, length);

    /// <inheritdoc/>
    public void Begin(ReadOnlySpan<DraftSession> sessions)
    {
    }

    /// <inheritdoc/>
    public bool Grow(ReadOnlySpan<DraftSession> sessions, int depth)
    {
        bool any = false;
        foreach (DraftSession session in sessions)
        {
            if (session.FrontierCount == 0) continue;
            session.SetFrontier(depth < MaxDepth ? _breadth : 0);
            any |= session.FrontierCount > 0;
        }
        return any;
    }

    /// <inheritdoc/>
    public void Prune(ReadOnlySpan<DraftSession> sessions)
    {
        foreach (DraftSession session in sessions) session.Tree.KeepBest(Math.Min(MaxNodes, session.MaxNodes));
    }

    /// <inheritdoc/>
    public void Learn(ReadOnlySpan<DraftSession> sessions, in StepTimes times)
    {
    }
}
