namespace Switchyard.Strategies.Speculation;

/// <summary>Decides how wide and how deep trees grow and how many of their nodes the target is shown.</summary>
/// <remarks>Decisions may depend on drafts, costs and history, never on the target's logits of the step in progress.</remarks>
public interface ITreeShaper
{
    /// <summary>Children that a drafter is asked for, for every node expanded.</summary>
    int Children { get; }

    /// <summary>The deepest that a tree may ever grow.</summary>
    int MaxDepth { get; }

    /// <summary>The most nodes of a request that the target is ever shown: cache room is reserved for them.</summary>
    int MaxNodes { get; }

    /// <summary>Starts a step.</summary>
    /// <param name="sessions">The requests that decode, their trees empty and their frontiers at the root; a frontier that is ended here gets no draft.</param>
    void Begin(ReadOnlySpan<DraftSession> sessions);

    /// <summary>Chooses what to expand after a layer was drafted, by <see cref="DraftSession.SetFrontier"/>.</summary>
    /// <param name="sessions">The same requests.</param>
    /// <param name="depth">The depth of the layer that was just drafted, from 1.</param>
    /// <returns>False if no tree is to grow further.</returns>
    bool Grow(ReadOnlySpan<DraftSession> sessions, int depth);

    /// <summary>Cuts every tree to what the target is to be shown, by <see cref="DraftTree.KeepBest"/>; at most <see cref="DraftSession.MaxNodes"/>.</summary>
    void Prune(ReadOnlySpan<DraftSession> sessions);

    /// <summary>Told what a finished step did and took.</summary>
    void Learn(ReadOnlySpan<DraftSession> sessions, in StepTimes times);
}
