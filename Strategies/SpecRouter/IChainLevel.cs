namespace Switchyard.Strategies.SpecRouter;

/// <summary>
/// One rung of a ladder: something that says what comes next, and so checks what a smaller rung said. A model, a coarser
/// quantisation or a thinned form of the target; or, at the bottom, a look-up that only drafts.
/// </summary>
/// <remarks>
/// A pass is <see cref="Add"/> and <see cref="Feed"/> for several lanes, <see cref="Run"/>, then the lanes' choices, then
/// <see cref="Clear"/>. Drafting is checking without pending tokens. Below the target, whatever a level throws or says costs
/// time only. Called from the decoding thread.
/// </remarks>
public interface IChainLevel : IDisposable
{
    /// <summary>A name for reports.</summary>
    string Name { get; }

    /// <summary>Whether it can check tokens. One that cannot stands at the bottom, runs no pass and answers in <see cref="Add"/>.</summary>
    bool Verifies { get; }

    /// <summary>Rows of one pass.</summary>
    int Capacity { get; }

    /// <summary>Layers a row passes, for counts of work.</summary>
    int LayerCount { get; }

    /// <summary>Rows that the pass in the making still takes.</summary>
    int Room { get; }

    /// <summary>Reserves what a request needs at this level and runs nothing; sets <see cref="LevelLane.State"/>.</summary>
    /// <returns>False, with nothing taken, when there is no room until another lane is closed.</returns>
    bool TryOpen(LevelLane lane);

    /// <summary>Gives back what a lane holds, also after an error. A second call does nothing.</summary>
    void Close(LevelLane lane);

    /// <summary>Tokens of a request that the level would have to read before it is of use; 0 for one that reads nothing.</summary>
    /// <param name="request">The request.</param>
    /// <param name="lane">Its lane; null while it has none.</param>
    int Lag(DecodingRequest request, LevelLane? lane) => 0;

    /// <summary>
    /// Puts the lane's cache right for <paramref name="context"/> and says how many of its tokens are to be run, the last
    /// included; −1 if this level can never serve them.
    /// </summary>
    int Missing(LevelLane lane, ReadOnlySpan<int> context);

    /// <summary>Adds the missing tokens of <paramref name="context"/> and checks <paramref name="pending"/> after it.</summary>
    /// <param name="lane">The lane; <see cref="DecodingRequest.Sampler"/> of its request stands after the context until the pass is over.</param>
    /// <param name="context">Tokens that stand for this level.</param>
    /// <param name="pending">Tokens to check; as many as fit are.</param>
    /// <returns>False, with nothing added, if the missing tokens do not fit this pass.</returns>
    bool Add(LevelLane lane, ReadOnlySpan<int> context, ReadOnlySpan<int> pending);

    /// <summary>Adds up to <paramref name="most"/> missing tokens of <paramref name="context"/>; nothing is chosen.</summary>
    /// <returns>Rows added.</returns>
    int Feed(LevelLane lane, ReadOnlySpan<int> context, int most);

    /// <summary>Runs the pass; every lane added has its choices.</summary>
    void Run();

    /// <summary>Ends the pass. Call it also after an error.</summary>
    void Clear();
}
