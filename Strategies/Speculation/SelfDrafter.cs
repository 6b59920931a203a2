using Switchyard.Model;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Strategies.Speculation;

/// <summary>
/// Guesses with the target's own first layers and a read-out there (early-exit drafts, as LayerSkip's, arXiv:2404.16710): what
/// those layers computed is exact, so verification goes on with the same rows from the exit and repeats nothing.
/// </summary>
/// <remarks>Works in the target's arena and cache; nothing is allocated after warm-up.</remarks>
public sealed class SelfDrafter : IDrafter
{
    private readonly ModelRunner _target;
    private readonly ExitHead _exit;
    private readonly DraftRanking _ranking;
    private readonly int[] _rows; // every row of this step, in the order they were added
    private readonly NodeRows _wanted;
    private int _rowCount;

    /// <summary>Makes a drafter.</summary>
    /// <param name="target">The target's runner. Not owned.</param>
    /// <param name="exit">Where drafts are read: a trained head, or the model's own by <see cref="TransformerModel.SharedExit"/>.</param>
    /// <param name="tokenCount">Tokens of the vocabulary that have a meaning.</param>
    public SelfDrafter(ModelRunner target, ExitHead exit, int tokenCount = int.MaxValue)
    {
        int layers = target.Model.Config.LayerCount;
        if (exit.Depth < 1 || exit.Depth >= layers)
            throw new ArgumentOutOfRangeException(nameof(exit), exit.Depth, $"A draft exit lies after layer 1 to {layers - 1} of this model.");
        (_target, _exit, _ranking) = (target, exit, new DraftRanking(tokenCount));
        _rows = new int[target.Batch.Capacity];
        _wanted = new NodeRows(target.Batch.Capacity);
    }

    /// <inheritdoc/>
    public string Name => "self";

    /// <inheritdoc/>
    public int SharedLayers => _exit.Depth;

    /// <inheritdoc/>
    public bool TryOpen(DraftSession session) => session.TargetCache is not null;

    /// <inheritdoc/>
    public int Expand(ReadOnlySpan<DraftSession> sessions, int children)
    {
        _wanted.Clear();
        int first = _rowCount;
        foreach (DraftSession session in sessions)
            foreach (int node in session.Frontier) Add(session, node);
        ReadOnlySpan<int> added = _rows.AsSpan(first, _rowCount - first);
        if (added.IsEmpty) return 0;
        _target.Model.Embed(_target.Batch, added);
        _target.Model.Run(_target.Batch, added, new LayerRange(0, _exit.Depth));
        _wanted.Offer(_target, _exit, _ranking, children);
        return 1;
    }

    /// <inheritdoc/>
    public void Observe(ReadOnlySpan<DraftSession> sessions) => DropRows();

    /// <inheritdoc/>
    public void Close(DraftSession session)
    {
        DropRows(); // closing in the middle of a step happens after an error only
        if (session.TargetCache is { Staged: > 0 } kv) kv.Rollback();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private void Add(DraftSession session, int node)
    {
        KvSequence kv = session.TargetCache!;
        if (_target.Batch.FreeRows == 0 || kv.Room == 0) return;
        int token = node == DraftTree.Root ? session.Request.Tokens[^1] : session.Tree.Tokens[node];
        int parent = node == DraftTree.Root ? ForwardBatch.Root : session.Tree.Parents[node] is >= 0 and int p ? session.Tree.Rows[p] : session.RootRow;
        int row = _target.Batch.Add(kv, token, parent);
        if (node == DraftTree.Root) session.RootRow = row;
        else session.Tree.Rows[node] = row;
        _rows[_rowCount++] = row;
        session.DraftLayerRows += node == DraftTree.Root ? 0 : _exit.Depth; // the verified pass counts the root's and is corrected for kept nodes
        _wanted.Add(session, node, row);
    }

    private void DropRows()
    {
        _target.Batch.Remove(_rows.AsSpan(0, _rowCount)); // those that were verified are free already
        _rowCount = 0;
    }

    /// <inheritdoc/>
    public void Settle(ReadOnlySpan<DraftSession> sessions)
    {
        foreach (DraftSession session in sessions)
            foreach (int row in session.Tree.Rows)
                if (row >= 0) session.DraftLayerRows -= _exit.Depth; // counted with the verified rows, each of which runs every layer once
    }
}
