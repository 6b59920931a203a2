namespace Switchyard.Strategies;

/// <summary>How tokens are produced: the one seam between a scheduler and every decoding algorithm.</summary>
/// <remarks>
/// A strategy is called from one thread. What it keeps for a request hangs on <see cref="DecodingRequest.State"/> and
/// nowhere else, so requests may join, leave or be cancelled between any two steps without harm to the others.
/// </remarks>
public interface IDecodingStrategy : IDisposable
{
    /// <summary>The name users choose it by, such as "plain".</summary>
    string Name { get; }

    /// <summary>What it promises about its tokens.</summary>
    DecodingGuarantee Guarantee { get; }

    /// <summary>
    /// Reserves what <paramref name="request"/> needs and runs nothing: the prompt runs in chunks inside
    /// <see cref="Step"/>. Sets <see cref="DecodingRequest.ContextLimit"/>.
    /// </summary>
    /// <returns>
    /// False, with nothing taken, when there is no room until another request is released. A request that was admitted
    /// never fails for want of room later.
    /// </returns>
    /// <exception cref="Exception">The request can never be served here, such as a prompt longer than the context; nothing was taken.</exception>
    bool TryAdmit(DecodingRequest request);

    /// <summary>
    /// Makes progress: at least one row passes at least one layer. A request may gain several tokens, one, or none while
    /// its prompt runs or it waits to be regrouped.
    /// </summary>
    /// <param name="batch">Admitted, unfinished requests, at least one. Unless <see cref="Guarantee"/> says otherwise, order and company change nobody's tokens.</param>
    /// <returns>Counts of this step alone.</returns>
    /// <remarks>An exception means that the strategy is broken; an error of one request is reported by <see cref="DecodingRequest.Fail"/>.</remarks>
    StepStats Step(ReadOnlySpan<DecodingRequest> batch);

    /// <summary>Gives back everything <see cref="TryAdmit"/> and the steps since took, at any point between steps.</summary>
    void Release(DecodingRequest request);
}
