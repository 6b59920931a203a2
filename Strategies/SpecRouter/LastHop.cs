using Switchyard.Strategies.Cast;
using Switchyard.Strategies.Sampling;
using Switchyard.Strategies.Speculation;

namespace Switchyard.Strategies.SpecRouter;

/// <summary>
/// Trees at the last hop: the target checks the pending tokens and, beside them, what the level below it held possible at the
/// same places. How many follows from measured cost, as CAST re-ranks (arXiv:2510.26577).
/// </summary>
/// <remarks>
/// The alternatives cost the level below no pass: its distributions exist where it checked or drafted. They are points, and
/// kept by equality, so the tokens stay plain decoding's. After warm-up nothing is allocated.
/// </remarks>
internal sealed class LastHop(SpecRouterOptions options, IChainPolicy policy)
{
    private const int Width = 4; // the level's own token and three others
    private const float Unknown = 0.7f; // chance of a pending token of which nothing was noted

    private readonly DraftRanking _ranking = new(options.TokenCount);
    private readonly Reliability _reliability = new();
    private readonly Branch[] _noted = new Branch[Width];
    private readonly double[] _utilities = new double[options.MaxBranches + 1], _costs = new double[options.MaxBranches + 1];
    private Offer[] _offers = new Offer[64];
    private int _offerCount;

    /// <summary>Whether the target checks trees.</summary>
    public bool IsOn => options.MaxBranches > 0;

    /// <summary>Has the coming pass of the level below the target rank what it chooses from.</summary>
    public void Begin(ChainSequence sequence, int level)
    {
        sequence.Ranked ??= new RankedChoices(_ranking, Width);
        sequence.Ranked.Clear();
        sequence.Lanes[level].Ranked = sequence.Ranked;
    }

    /// <summary>After that pass: notes what was possible at the <paramref name="count"/> places from <paramref name="from"/> on.</summary>
    public void Note(ChainSequence sequence, int level, int from, int count)
    {
        if (sequence.Lanes[level].Ranked is not { } ranked) return;
        sequence.Lanes[level].Ranked = null;
        sequence.Branches ??= new BranchBook(Width);
        for (int i = 0; i < Math.Min(count, ranked.Count); i++)
        {
            ReadOnlySpan<DraftCandidate> candidates = ranked.At(i);
            for (int rank = 0; rank < candidates.Length; rank++)
            {
                int bin = _reliability.BinOf(candidates, rank, sequence.Request.Options.Temperature);
                _noted[rank] = new Branch(candidates[rank].Token, _reliability.Chance(bin, candidates[rank]), bin);
            }
            sequence.Branches.Note(from + i, level, _noted.AsSpan(0, candidates.Length));
        }
    }

    /// <summary>The tree for the target: <paramref name="pending"/> tokens after <paramref name="from"/>, then the alternatives that are worth their rows.</summary>
    /// <param name="sequence">Whose.</param>
    /// <param name="from">Tokens that stand.</param>
    /// <param name="pending">Pending tokens that fit the pass.</param>
    /// <param name="room">Rows that are left for alternatives.</param>
    /// <param name="batch">Sequences in the pass.</param>
    /// <returns>Null where there is nothing to add to the chain.</returns>
    public DraftTree? Grow(ChainSequence sequence, int from, int pending, int room, int batch)
    {
        if (!IsOn || pending == 0 || sequence.Branches is not { } book) return null;
        DraftTree tree = sequence.Tree ??= new DraftTree();
        tree.Clear();
        _offerCount = 0;
        float reach = 1;
        for (int i = 0, parent = DraftTree.Root; i < pending; i++)
        {
            int token = sequence.Tokens[from + i];
            ReadOnlySpan<Branch> branches = book.At(from + i, sequence.SourceOf(from + i), token);
            for (int rank = 1; rank < branches.Length; rank++) Add(new Offer(reach * branches[rank].Chance, parent, branches[rank]));
            Branch own = branches.IsEmpty ? new Branch(token, Unknown, -1) : branches[0];
            reach *= own.Chance;
            parent = tree.Add(parent, token, reach, own.Bin);
        }
        int count = Math.Min(_offerCount, Math.Min(room, options.MaxBranches));
        if (count <= 0) return null;
        _offers.AsSpan(0, _offerCount).Sort(static (one, other) => other.Worth.CompareTo(one.Worth));
        foreach (Offer offer in _offers.AsSpan(0, Worthwhile(count, new PassShape(sequence.Lanes.Length - 1, batch, from, 1 + pending))))
            tree.Add(offer.Parent, offer.Branch.Token, offer.Worth, offer.Branch.Bin);
        return tree.Count > pending ? tree : null;
    }

    /// <summary>Learns from what the target made of a tree of which it saw the first <paramref name="shown"/> nodes.</summary>
    public void Learn(DraftTree tree, int shown, ReadOnlySpan<TokenChoice> choices) => _reliability.Observe(tree, shown, choices);

    /// <summary>How many of the best offers bring more tokens than the time of their rows would bring otherwise.</summary>
    private int Worthwhile(int count, PassShape shape)
    {
        (_utilities[0], _costs[0]) = (0, policy.PassTokens(shape));
        for (int k = 1; k <= count; k++)
        {
            _utilities[k] = _utilities[k - 1] + _offers[k - 1].Worth;
            _costs[k] = policy.PassTokens(shape with { Rows = shape.Rows + k });
        }
        return MarginalChoice.Keep(_utilities.AsSpan(0, count + 1), _costs.AsSpan(0, count + 1), 1) - 1;
    }

    private void Add(Offer offer)
    {
        if (_offerCount == _offers.Length) Array.Resize(ref _offers, 2 * _offerCount);
        _offers[_offerCount++] = offer;
    }

    /// <param name="Worth">Expected tokens: the alternative itself takes the place of the target's own, and brings one more.</param>
    /// <param name="Parent">Node it hangs on.</param>
    /// <param name="Branch">What it is.</param>
    private readonly record struct Offer(float Worth, int Parent, Branch Branch);
}
