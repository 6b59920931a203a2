using Switchyard.Model;

namespace Switchyard.Strategies;

/// <summary>
/// A strategy that can decode over a target cache which somebody else reserved, so that several take turns on one request and a
/// change of turn costs no more than putting the cache right.
/// </summary>
/// <remarks>
/// It is made over <see cref="ModelRunner.Share"/> of the runner the cache belongs to, leaves the arena empty between steps, and
/// takes a request up wherever others left it: at any length, with any of its tokens cached. What it keeps itself hangs on
/// <see cref="DecodingRequest.State"/>, which whoever gives the turns swaps in and out.
/// </remarks>
public interface ISharedCacheStrategy : IDecodingStrategy
{
    /// <summary>Slots that it may stage beyond a request's own tokens.</summary>
    int Slack { get; }

    /// <summary>Takes up a request in place of <see cref="IDecodingStrategy.TryAdmit"/>; <see cref="IDecodingStrategy.Release"/> gives back everything but the cache.</summary>
    /// <param name="request">Admitted by the caller; its state is replaced.</param>
    /// <param name="kv">The request's cache, the caller's.</param>
    /// <returns>False, with nothing taken and the state as it was, when there is no room for what the strategy needs beside the cache.</returns>
    bool TryAttach(DecodingRequest request, KvSequence kv);

    /// <summary>Tokens of a request that smaller models would have to read before the strategy can make use of them; 0 where none does.</summary>
    /// <param name="request">The request, with this strategy's state or, while it was not taken up, without.</param>
    int Lag(DecodingRequest request) => 0;
}
