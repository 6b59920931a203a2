using Switchyard.Model;
using Switchyard.Strategies.Passes;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Strategies.Speculation;

/// <summary>
/// Runs the trees of many requests, and chunks of prompts, in one forward pass, and follows in each tree the tokens that the
/// model itself chooses (SpecInfer's tree verification, arXiv:2305.09781; the test is equality under shared noise).
/// </summary>
/// <remarks>
/// A pass is: <see cref="Add"/> and <see cref="Feed"/>, then <see cref="Run"/>, then <see cref="Clear"/>. Sized once for the runner's arena; a
/// pass allocates nothing. Serves any model of a chain, the target or one between.
/// </remarks>
/// <param name="runner">The model, its cache and its arena. Not owned.</param>
/// <param name="sampler">How the model's own token is chosen.</param>
public sealed class TreeVerifier(ModelRunner runner, Sampler sampler)
{
    private readonly ForwardPass _pass = new(runner);
    private readonly Sampler _sampler = sampler;
    private readonly TreeWalk[] _walks = new TreeWalk[runner.Batch.Capacity];  // of each row of logits
    private readonly int[] _nodes = new int[runner.Batch.Capacity];           // likewise
    private readonly int[] _rowOf = new int[runner.Batch.Capacity];           // of each node of the tree being added
    private readonly int[] _keep = new int[runner.Batch.Capacity];
    private readonly Item[] _items = new Item[runner.Batch.Capacity];
    private int _itemCount;

    /// <summary>The pass in the making.</summary>
    public ForwardPass Pass => _pass;

    /// <summary>Rows that still fit.</summary>
    public int Room => _pass.Room;

    /// <summary>Adds the tokens that a reconciled cache lacks, and a tree after the last of them.</summary>
    /// <param name="kv">The model's cache of the sequence; nothing is staged in it but rows that a drafter ran.</param>
    /// <param name="context">The sequence: the tree follows its last token.</param>
    /// <param name="tree">Guesses; null for none.</param>
    /// <param name="walk">Receives the walk.</param>
    /// <param name="state">Options, noise and penalties, standing after <paramref name="context"/>.</param>
    /// <param name="emitsTo">The request to which every choice is emitted at once, which advances the state; null leaves the state as it was.</param>
    /// <param name="rootRow">The arena row of the context's last token, and <see cref="DraftTree.Rows"/> those of nodes, where a drafter has run the first layers on them; −1 where not.</param>
    /// <returns>False, with nothing added, if the missing tokens do not fit; a tree that does not fit is cut to its first nodes.</returns>
    public bool Add(KvSequence kv, ReadOnlySpan<int> context, DraftTree? tree, TreeWalk walk, SamplerState state, DecodingRequest? emitsTo = null, int rootRow = -1)
    {
        int missing = context.Length - kv.Length, root = rootRow;
        if (root >= 0) _pass.Adopt(root);
        else if (missing > Room) return false;
        else root = _pass.Feed(kv, context, missing);
        Enter(root, DraftTree.Root, walk);
        int shown = tree is null ? 0 : Math.Min(tree.Count, Math.Min(Room, kv.Room));
        for (int node = 0; node < shown; node++)
        {
            int parent = tree!.Parents[node], row = rootRow >= 0 ? tree.Rows[node] : -1;
            if (row >= 0) _pass.Adopt(row);
            else row = _pass.Add(kv, tree.Tokens[node], parent == DraftTree.Root ? root : _rowOf[parent]);
            _rowOf[node] = row;
            Enter(_rowOf[node], node, walk);
        }
        walk.Begin(tree, shown, state, emitsTo);
        _items[_itemCount++] = new Item(kv, missing, walk);
        return true;
    }

    /// <summary>Adds up to <paramref name="most"/> of the tokens that a reconciled cache lacks, without a tree; nothing is chosen.</summary>
    /// <returns>Rows added.</returns>
    public int Feed(KvSequence kv, ReadOnlySpan<int> context, int most)
    {
        int before = kv.Staged;
        _pass.Feed(kv, context, Math.Min(most, context.Length - kv.Length));
        if (kv.Staged > before) _items[_itemCount++] = new Item(kv, kv.Staged, null);
        return kv.Staged - before;
    }

    /// <summary>Runs the pass, walks every tree and commits the accepted paths; whatever else was staged is dropped.</summary>
    /// <param name="adoptedLayers">Layers that rows which a drafter ran have been through.</param>
    public void Run(int adoptedLayers = 0)
    {
        _pass.Run(adoptedLayers: adoptedLayers);
        var reader = new WalkReader(this);
        _pass.Readout(ref reader);
        for (int i = 0; i < _itemCount; i++) Commit(_items[i]);
    }

    /// <summary>Frees the rows of the pass. Call it also after an error.</summary>
    public void Clear()
    {
        for (int i = 0; i < _itemCount; i++)
        {
            if (_items[i].Kv.Staged > 0) _items[i].Kv.Rollback();
            _items[i] = default;
        }
        _pass.Clear();
        _itemCount = 0;
    }

    private void Enter(int row, int node, TreeWalk walk)
    {
        int place = _pass.Want(row);
        (_walks[place], _nodes[place]) = (walk, node);
    }

    private void Commit(in Item item)
    {
        if (item.Walk is not { } walk)
        {
            item.Kv.CommitAll();
            return;
        }
        int first = item.Kv.Length, count = 0;
        while (count < item.Chain) _keep[count] = first + count++;
        foreach (int slot in walk.Slots) _keep[count++] = slot;
        item.Kv.Commit(_keep.AsSpan(0, count));
        walk.End();
    }

    /// <summary>What one sequence staged: a chain of <paramref name="Chain"/> tokens of its own, then a tree if there is a walk.</summary>
    private readonly record struct Item(KvSequence Kv, int Chain, TreeWalk? Walk);

    /// <summary>Follows every walk as rows come by: a parent's row always comes before its children's.</summary>
    private readonly struct WalkReader(TreeVerifier verifier) : ILogitsReader
    {
        public void Read(int index, ReadOnlySpan<float> logits)
        {
            TreeWalk walk = verifier._walks[index];
            int node = verifier._nodes[index];
            if (node != walk.Awaited) return;
            if (node != DraftTree.Root) walk.AddSlot(verifier._pass.Runner.Batch.Slot(verifier._pass.ReadoutRows[index]));
            walk.Take(logits, verifier._sampler);
        }
    }
}
