using Switchyard.Model;

namespace Switchyard.Strategies.Speculation;

/// <summary>
/// Guesses of what follows a request's last token, as a tree: every node is a token with a parent, and alternatives share one.
/// </summary>
/// <remarks>
/// Nodes are numbered as they are added, so a parent's number is lower than its children's. A node's score never exceeds its
/// parent's, so the best nodes always form a tree. Buffers grow to the largest tree once and are reused.
/// </remarks>
public sealed class DraftTree
{
    /// <summary>The parent of nodes that follow on the request's last token.</summary>
    public const int Root = ForwardBatch.Root;

    private const int None = -1;

    private int[] _tokens = [], _parents = [], _depths = [], _bins = [], _rows = [], _slots = [], _child = [], _sibling = [], _moved = [];
    private float[] _scores = [];
    private ulong[] _order = [];
    private int _rootChild = None;

    /// <summary>Nodes; the root is not one of them.</summary>
    public int Count { get; private set; }

    /// <summary>The deepest node's depth; 0 for an empty tree.</summary>
    public int Depth { get; private set; }

    /// <summary>Token of each node, [<see cref="Count"/>].</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Count);

    /// <summary>Parent of each node, lower than the node, or <see cref="Root"/>.</summary>
    public ReadOnlySpan<int> Parents => _parents.AsSpan(0, Count);

    /// <summary>Tokens between the root and each node, the node included: 1 for children of the root.</summary>
    public ReadOnlySpan<int> Depths => _depths.AsSpan(0, Count);

    /// <summary>How likely the target is thought to walk through each node, in [0, 1]; at most its parent's.</summary>
    public ReadOnlySpan<float> Scores => _scores.AsSpan(0, Count);

    /// <summary>Where <see cref="Reliability"/> counts each node's fate; −1 for nowhere.</summary>
    public ReadOnlySpan<int> Bins => _bins.AsSpan(0, Count);

    /// <summary>The arena row in which the drafter ran each node; −1 where it did not. For the drafter to keep.</summary>
    public Span<int> Rows => _rows.AsSpan(0, Count);

    /// <summary>The cache slot that the drafter staged for each node; −1 where it did not. For the drafter to keep.</summary>
    public Span<int> Slots => _slots.AsSpan(0, Count);

    /// <summary>Forgets every node.</summary>
    public void Clear() => (Count, Depth, _rootChild) = (0, 0, None);

    /// <summary>Adds a node.</summary>
    /// <param name="parent">An earlier node, or <see cref="Root"/>.</param>
    /// <param name="token">Token id.</param>
    /// <param name="score">In [0, 1]; lowered to the parent's where it is above it. NaN counts as 0.</param>
    /// <param name="bin">Where its fate is to be counted.</param>
    /// <returns>The node; the existing one if <paramref name="parent"/> has that child.</returns>
    public int Add(int parent, int token, float score, int bin = -1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parent, Root);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(parent, Count);
        if (FindChild(parent, token) is >= 0 and int existing) return existing;
        int node = Count;
        if (node == _tokens.Length) Grow(Math.Max(64, 2 * node));
        Count++;
        (_tokens[node], _parents[node], _bins[node], _rows[node], _slots[node]) = (token, parent, bin, None, None);
        _scores[node] = score > 0 ? Math.Min(score, parent == Root ? 1 : _scores[parent]) : 0;
        Link(node, parent);
        return node;
    }

    /// <summary>The child of <paramref name="parent"/> with <paramref name="token"/>; −1 if there is none.</summary>
    public int FindChild(int parent, int token)
    {
        int node = parent == Root ? _rootChild : _child[parent];
        while (node != None && _tokens[node] != token) node = _sibling[node];
        return node;
    }

    /// <summary>The first child of <paramref name="parent"/> in an order without meaning; −1 if it has none.</summary>
    public int FirstChild(int parent) => parent == Root ? _rootChild : _child[parent];

    /// <summary>The next node with the same parent; −1 after the last.</summary>
    public int NextSibling(int node) => _sibling[node];

    /// <summary>Orders nodes <paramref name="from"/> … <see cref="Count"/> − 1 by score, best first, ties by lower number; see <see cref="Ranked"/>.</summary>
    /// <returns>How many.</returns>
    public int Rank(int from = 0)
    {
        int count = Count - from;
        for (int i = 0; i < count; i++)
            _order[i] = (ulong)~BitConverter.SingleToUInt32Bits(_scores[from + i]) << 32 | (uint)(from + i); // scores are not negative
        _order.AsSpan(0, count).Sort();
        return count;
    }

    /// <summary>The node at <paramref name="place"/> of the last <see cref="Rank"/>.</summary>
    public int Ranked(int place) => (int)(uint)_order[place];

    /// <summary>Keeps the <paramref name="count"/> best nodes, no deeper than <paramref name="depth"/>, in the order they were added. Nodes get new numbers.</summary>
    public void KeepBest(int count, int depth = int.MaxValue)
    {
        if (count >= Count && Depth <= depth) return;
        int ranked = Rank();
        _moved.AsSpan(0, ranked).Fill(None);
        for (int i = 0, kept = 0; i < ranked && kept < count; i++)
        {
            int node = Ranked(i);
            if (_depths[node] > depth) continue;
            _moved[node] = 0;
            kept++;
        }
        Compact();
    }

    private void Compact()
    {
        int all = Count;
        Clear();
        for (int node = 0; node < all; node++)
        {
            if (_moved[node] == None) continue;
            int to = Count++, parent = _parents[node] == Root ? Root : _moved[_parents[node]];
            _moved[node] = to;
            (_tokens[to], _parents[to], _scores[to], _bins[to]) = (_tokens[node], parent, _scores[node], _bins[node]);
            (_rows[to], _slots[to]) = (_rows[node], _slots[node]);
            Link(to, parent);
        }
    }

    private void Link(int node, int parent)
    {
        _child[node] = None;
        ref int first = ref _rootChild;
        if (parent != Root) first = ref _child[parent];
        (_sibling[node], first) = (first, node);
        _depths[node] = parent == Root ? 1 : _depths[parent] + 1;
        Depth = Math.Max(Depth, _depths[node]);
    }

    private void Grow(int size)
    {
        Array.Resize(ref _tokens, size);
        Array.Resize(ref _parents, size);
        Array.Resize(ref _depths, size);
        Array.Resize(ref _bins, size);
        Array.Resize(ref _rows, size);
        Array.Resize(ref _slots, size);
        Array.Resize(ref _child, size);
        Array.Resize(ref _sibling, size);
        Array.Resize(ref _moved, size);
        Array.Resize(ref _scores, size);
        Array.Resize(ref _order, size);
    }
}
