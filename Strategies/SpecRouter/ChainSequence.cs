using Switchyard.Strategies.Speculation;

namespace Switchyard.Strategies.SpecRouter;

/// <summary>
/// One request on its way through a chain: its committed tokens, the pending ones behind them, and how far each level vouches
/// for them. The state is a length per level; which level is needed next follows from the lengths and the plan.
/// </summary>
/// <remarks>
/// Lengths fall from the bottom of a chain to its top: what a level chose or kept needs no check below it. Pending tokens
/// outlive a switch of the chain; the levels of the new one check them whoever drafted them, which equality acceptance allows.
/// </remarks>
internal sealed class ChainSequence
{
    private int[] _tokens = new int[256];
    private byte[] _sources = new byte[256]; // which level chose or last kept each token

    public ChainSequence(DecodingRequest request, int levels)
    {
        Request = request;
        Lanes = new LevelLane[levels];
        for (int i = 0; i < levels; i++) Lanes[i] = new LevelLane(request);
    }

    public DecodingRequest Request { get; }

    public LevelLane[] Lanes { get; }

    /// <summary>Committed and pending tokens. Valid until the next change.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Count);

    /// <summary>What the level below the target held possible, where trees are checked.</summary>
    public BranchBook? Branches { get; set; }

    /// <summary>Buffers of the last hop.</summary>
    public RankedChoices? Ranked { get; set; }

    public DraftTree? Tree { get; set; }

    public int Count { get; private set; }

    /// <summary>Tokens that the target decided: those of the request.</summary>
    public int Committed { get; private set; }

    /// <summary>Whether the target has not chosen a token of this request yet: its prompt may still have to run.</summary>
    public bool InPrompt { get; set; } = true;

    /// <summary>Whether the bottom had nothing to say to the tokens as they are.</summary>
    public bool IsDry { get; set; }

    /// <summary>Levels that can serve this sequence now.</summary>
    public uint Levels { get; set; }

    /// <summary>The level needed next, and the passes of others since it is.</summary>
    public int Need { get; set; }

    public int Waited { get; set; }

    private int Target => Lanes.Length - 1;

    /// <summary>Takes over what the request gained since, from this strategy or from another; pending tokens that agree stay.</summary>
    /// <returns>Tokens from the start that are as they were.</returns>
    public int Sync()
    {
        ReadOnlySpan<int> truth = Request.Tokens;
        if (truth.Length == Committed) return Count;
        int same = Committed + Tokens[Committed..].CommonPrefixLength(truth[Committed..]);
        if (same < truth.Length)
        {
            Truncate(same);
            foreach (int token in truth[same..]) Append(token, Target);
        }
        (Committed, IsDry) = (truth.Length, false);
        return same;
    }

    /// <summary>The level that chose or last kept the token at <paramref name="position"/>.</summary>
    public int SourceOf(int position) => _sources[position];

    /// <summary>Tokens from the start that <paramref name="level"/>, or one above it in the chain, chose or kept.</summary>
    public int VerifiedBy(uint chain, int level)
    {
        int verified = Committed;
        for (int above = level; above < Target; above++)
            if ((chain >> above & 1) != 0) verified = Math.Max(verified, Lanes[above].Verified);
        return verified;
    }

    /// <summary>Tokens that wait for <paramref name="level"/>: those that the levels below it in the chain vouch for.</summary>
    public int PendingFor(uint chain, int level)
    {
        int below = level - 1;
        while (below >= 0 && (chain >> below & 1) == 0) below--;
        if (below < 0) return 0;
        bool bottom = (chain & (1u << below) - 1) == 0;
        return (bottom ? Count : VerifiedBy(chain, below)) - VerifiedBy(chain, level);
    }

    /// <summary>The level that this sequence needs next.</summary>
    public int NextLevel(ChainPlan plan)
    {
        uint chain = Levels & plan.Levels | 1u << Target;
        int bottom = System.Numerics.BitOperations.TrailingZeroCount(chain), cap = Request.RemainingTokens - 1;
        if (InPrompt || bottom == Target || cap <= 0) return Target;
        int lowestWaiting = -1, second = Target;
        for (int level = Target; level > bottom; level--)
        {
            if ((chain >> level & 1) == 0) continue;
            second = level;
            int pending = PendingFor(chain, level);
            if (pending > 0) lowestWaiting = level;
            if (pending > 0 && pending >= plan.Window(level)) return level;
        }
        if (!IsDry && Count - Committed < cap) return bottom;
        return lowestWaiting >= 0 ? lowestWaiting : second;
    }

    /// <summary>Notes that a level chose the token at <paramref name="position"/>: it keeps the pending one, or puts its own there and drops what follows.</summary>
    /// <returns>Whether the token was kept.</returns>
    public bool Settle(int position, int token, int level)
    {
        if (position < Count && _tokens[position] == token)
        {
            _sources[position] = (byte)level;
            return true;
        }
        Truncate(position);
        Append(token, level);
        IsDry = false;
        return false;
    }

    /// <summary>Notes that the request has gained what was settled.</summary>
    public void Commit(int length) => Committed = length;

    /// <summary>Drops every token at and after <paramref name="length"/>.</summary>
    public void Truncate(int length)
    {
        if (length >= Count) return;
        Count = length;
        foreach (LevelLane lane in Lanes) (lane.Verified, lane.Cached) = (Math.Min(lane.Verified, length), Math.Min(lane.Cached, length));
    }

    private void Append(int token, int level)
    {
        if (Count == _tokens.Length)
        {
            Array.Resize(ref _tokens, 2 * Count);
            Array.Resize(ref _sources, 2 * Count);
        }
        (_tokens[Count], _sources[Count]) = (token, (byte)level);
        Count++;
    }
}
