namespace Switchyard.Strategies.Speculation;

/// <summary>A source of guesses: a small model, the request's own n-grams, the target's first layers, a recording.</summary>
/// <remarks>
/// Wrong guesses cost time, never correctness: whatever a drafter offers, throws or forgets, the target decides every token.
/// A step is: <see cref="Expand"/> once for the root and once for every further layer, then verification, then
/// <see cref="Observe"/>. Called from the decoding thread.
/// </remarks>
public interface IDrafter : IDisposable
{
    /// <summary>A name for reports, such as "model" or "lookup".</summary>
    string Name { get; }

    /// <summary>
    /// Layers of the target that drafting runs on the very rows that are verified later; 0 for a drafter of its own. Such a
    /// drafter keeps those rows in <see cref="DraftTree.Rows"/>.
    /// </summary>
    int SharedLayers => 0;

    /// <summary>Whether guesses are staged in the target's own cache and arena: room for them is kept there.</summary>
    bool UsesTargetCache => SharedLayers > 0;

    /// <summary>Reserves what drafting for a request needs and runs nothing.</summary>
    /// <returns>False, with nothing taken, when there is no room until another session is closed.</returns>
    bool TryOpen(DraftSession session);

    /// <summary>
    /// Offers children for every node of every frontier, all requests together. A session with an empty frontier asks for
    /// nothing; a drafter that lags behind its tokens uses the call to catch up, and may leave a frontier without children
    /// meanwhile.
    /// </summary>
    /// <param name="sessions">Sessions of this drafter.</param>
    /// <param name="children">The most children of a node.</param>
    /// <returns>Forward passes run.</returns>
    int Expand(ReadOnlySpan<DraftSession> sessions, int children);

    /// <summary>Tokens of a request that the drafter would have to read before it is of use; 0 for one that reads nothing of its own.</summary>
    /// <param name="request">The request.</param>
    /// <param name="session">Its session; null while it has none.</param>
    int Lag(DecodingRequest request, DraftSession? session) => 0;

    /// <summary>
    /// Told that no more is asked of this step and what was kept of every tree. A drafter that works in the target's own cache
    /// leaves there only rows that the target goes on with: those of <see cref="DraftSession.RootRow"/> and the tree.
    /// </summary>
    void Settle(ReadOnlySpan<DraftSession> sessions)
    {
    }

    /// <summary>
    /// Told after every step of what was committed: <see cref="DraftSession.Accepted"/> names the accepted guesses, the
    /// request has the tokens. This step's guesses are forgotten.
    /// </summary>
    void Observe(ReadOnlySpan<DraftSession> sessions);

    /// <summary>Gives back everything a session holds, also after an error in the middle of a step. A second call does nothing.</summary>
    void Close(DraftSession session);
}
