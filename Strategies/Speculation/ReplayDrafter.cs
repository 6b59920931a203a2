using Switchyard.Strategies.Sampling;

namespace Switchyard.Strategies.Speculation;

/// <summary>
/// Offers a recorded plain continuation, corrupted at a known rate: a draft of any quality for measuring, on models for which no
/// real draft exists.
/// </summary>
/// <remarks>
/// At every position the truth lies at rank r with probability α(1 − α)^r, drawn from the position and the request's seed alone, so a chain accepts
/// each guess with probability α. Beside a wrong guess the recording goes on: what follows is judged by the target like any
/// other draft's.
/// </remarks>
/// <param name="recording">The output that plain decoding gave for a request.</param>
/// <param name="acceptance">α, in [0, 1].</param>
/// <param name="tokenCount">Tokens of the vocabulary, from which wrong guesses are drawn; at least 2.</param>
/// <param name="seed">Which corruption.</param>
public sealed class ReplayDrafter(Func<DecodingRequest, ReadOnlyMemory<int>> recording, double acceptance, int tokenCount, ulong seed = 0) : IDrafter
{
    private DraftCandidate[] _candidates = new DraftCandidate[8];

    /// <inheritdoc/>
    public string Name => "replay";

    /// <inheritdoc/>
    public bool TryOpen(DraftSession session)
    {
        session.State = new Recording(recording(session.Request));
        return true;
    }

    /// <inheritdoc/>
    public int Expand(ReadOnlySpan<DraftSession> sessions, int children)
    {
        if (_candidates.Length < children) _candidates = new DraftCandidate[children];
        foreach (DraftSession session in sessions)
        {
            if (session.State is not Recording { Output: var output }) continue;
            foreach (int node in session.Frontier)
            {
                int depth = node == DraftTree.Root ? 0 : session.Tree.Depths[node], at = session.Request.Output.Length + depth;
                if (at < output.Length) session.Offer(node, Guesses(output.Span[at], session.Request.Seed, at, children));
            }
        }
        return 0;
    }

    /// <inheritdoc/>
    public void Observe(ReadOnlySpan<DraftSession> sessions)
    {
    }

    /// <inheritdoc/>
    public void Close(DraftSession session) => session.State = null;

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private ReadOnlySpan<DraftCandidate> Guesses(int truth, ulong request, int position, int children)
    {
        ulong draw = Mix(seed ^ Mix(request ^ Mix((uint)position + 1UL)));
        double uniform = (draw >> 11) * (1.0 / (1UL << 53)), chance = acceptance;
        int place = 0;
        while (place < children && uniform >= chance)
        {
            uniform -= chance;
            chance *= 1 - acceptance;
            place++;
        }
        float probability = (float)acceptance;
        for (int rank = 0; rank < children; rank++, probability *= (float)(1 - acceptance))
        {
            int token = rank == place ? truth : Wrong(truth, draw, rank);
            _candidates[rank] = new(token, probability, float.NaN);
        }
        return _candidates.AsSpan(0, children);
    }

    private int Wrong(int truth, ulong draw, int rank)
    {
        int token = (int)(Mix(draw + (ulong)rank) % (ulong)(tokenCount - 1));
        return token < truth ? token : token + 1;
    }

    // SplitMix64's finaliser.
    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private sealed record Recording(ReadOnlyMemory<int> Output);
}
