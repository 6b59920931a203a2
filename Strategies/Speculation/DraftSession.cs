using Switchyard.Model;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Strategies.Speculation;

/// <summary>One request's drafting: its tree in the making, and the nodes whose children are wanted next.</summary>
/// <remarks>Made once a request and reused by every step. One thread at a time.</remarks>
/// <param name="request">The request.</param>
/// <param name="tokenCount">Tokens of the target's vocabulary; guesses outside it are dropped.</param>
/// <param name="reliability">Turns what a drafter says into chances of being accepted; shared by the strategy's sessions.</param>
public sealed class DraftSession(DecodingRequest request, int tokenCount, Reliability reliability)
{
    private int[] _frontier = new int[16];
    private int[] _path = new int[16];

    /// <summary>The request.</summary>
    public DecodingRequest Request { get; } = request;

    /// <summary>Every guess of this step so far.</summary>
    public DraftTree Tree { get; } = new();

    /// <summary>What a drafter keeps for this request, between <see cref="IDrafter.TryOpen"/> and <see cref="IDrafter.Close"/>.</summary>
    public object? State { get; set; }

    /// <summary>The target's cache of the request, for drafters that work there.</summary>
    public KvSequence? TargetCache { get; init; }

    /// <summary>The arena row in which a drafter of shared layers ran the request's last token; −1 for none.</summary>
    public int RootRow { get; set; } = -1;

    /// <summary>Rows times layers of the target that drafting took in this step.</summary>
    public int DraftLayerRows { get; set; }

    /// <summary>Tokens that the drafter read in this step because it lagged far behind.</summary>
    public int CaughtUp { get; set; }

    /// <summary>Whether the drafter has it open.</summary>
    internal bool IsOpen { get; set; }

    /// <summary>The deepest that the tree may grow: the tokens left to the request, less the bonus token.</summary>
    public int MaxDepth { get; private set; }

    /// <summary>The most nodes that the target has room to verify, and that a drafter may run.</summary>
    public int MaxNodes { get; private set; }

    /// <summary>The first node of the layer that was added last.</summary>
    public int LayerStart { get; private set; }

    /// <summary>Nodes that were put on a frontier in this step.</summary>
    public int Expanded { get; private set; }

    /// <summary>Nodes to expand; <see cref="DraftTree.Root"/> at first, empty when nothing is asked for.</summary>
    public ReadOnlySpan<int> Frontier => _frontier.AsSpan(0, FrontierCount);

    /// <summary>Nodes to expand.</summary>
    public int FrontierCount { get; private set; }

    /// <summary>Nodes of the tree that the target accepted in this step, in path order.</summary>
    public ReadOnlySpan<int> Accepted => Walk.Nodes;

    /// <summary>The target's walk through the tree.</summary>
    public TreeWalk Walk { get; } = new();

    /// <summary>Guesses outside the vocabulary, and guesses that were not numbers: both were dropped.</summary>
    public int RefusedGuesses { get; private set; }

    /// <summary>Starts a step with an empty tree.</summary>
    /// <param name="maxDepth">0 asks for no draft.</param>
    /// <param name="maxNodes">0 asks for no draft.</param>
    public void Begin(int maxDepth, int maxNodes)
    {
        Tree.Clear();
        Walk.Clear();
        (MaxDepth, MaxNodes, LayerStart, Expanded, RootRow, DraftLayerRows, CaughtUp) = (maxDepth, maxNodes, 0, 0, -1, 0, 0);
        _frontier[0] = DraftTree.Root;
        FrontierCount = maxDepth > 0 && maxNodes > 0 ? 1 : 0;
    }

    /// <summary>Asks for nothing more in this step.</summary>
    public void EndFrontier() => FrontierCount = 0;

    /// <summary>Drops this step's draft.</summary>
    internal void Abandon()
    {
        Tree.Clear();
        (FrontierCount, LayerStart, RootRow) = (0, 0, -1);
    }

    /// <summary>Puts the <paramref name="width"/> best nodes of the last layer on the frontier, as far as depth and room allow.</summary>
    public void SetFrontier(int width)
    {
        int count = Tree.Rank(LayerStart);
        bool deeper = count > 0 && Tree.Depths[LayerStart] < MaxDepth;
        FrontierCount = deeper ? Math.Max(0, Math.Min(Math.Min(width, count), MaxNodes - Expanded)) : 0;
        if (_frontier.Length < FrontierCount) Array.Resize(ref _frontier, 2 * FrontierCount);
        for (int i = 0; i < FrontierCount; i++) _frontier[i] = Tree.Ranked(i);
        _frontier.AsSpan(0, FrontierCount).Sort(); // rows are added in the order of the tree
        Expanded += FrontierCount;
        LayerStart = Tree.Count;
    }

    /// <summary>Adds a drafter's guesses for what follows <paramref name="node"/>, best first.</summary>
    /// <param name="node">A node of the frontier.</param>
    /// <param name="ranked">Best first. A score of NaN means that the drafter knows no noise.</param>
    public void Offer(int node, ReadOnlySpan<DraftCandidate> ranked)
    {
        float parent = node == DraftTree.Root ? 1 : Tree.Scores[node];
        for (int rank = 0; rank < ranked.Length; rank++)
        {
            if ((uint)ranked[rank].Token >= (uint)tokenCount || float.IsNaN(ranked[rank].Probability))
            {
                RefusedGuesses++;
                continue;
            }
            int bin = reliability.BinOf(ranked, rank, Request.Options.Temperature);
            Tree.Add(node, ranked[rank].Token, parent * reliability.Chance(bin, ranked[rank]), bin);
        }
    }

    /// <summary>Hands out the number of refused guesses and starts it anew.</summary>
    internal int TakeRefusedGuesses()
    {
        int count = RefusedGuesses;
        RefusedGuesses = 0;
        return count;
    }

    /// <summary>Notes that a drafter's answer for a node was not a number: that draft ends.</summary>
    public void Refuse() => RefusedGuesses++;

    /// <summary>
    /// Advances the request's sampler along the path to <paramref name="node"/>, so that a drafter ranks with the penalties the
    /// target will use there. Undo it with <see cref="SamplerState.Rewind"/>.
    /// </summary>
    /// <returns>Where the state stood.</returns>
    public int AdvanceTo(int node)
    {
        SamplerState state = Request.Sampler;
        int start = state.Position, depth = node == DraftTree.Root ? 0 : Tree.Depths[node];
        if (_path.Length < depth) Array.Resize(ref _path, 2 * depth);
        for (int i = depth; i > 0; node = Tree.Parents[node]) _path[--i] = Tree.Tokens[node];
        for (int i = 0; i < depth; i++) state.Advance(_path[i]);
        return start;
    }
}
