using Switchyard.Model;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Strategies.Speculation;

/// <summary>
/// Guesses with the target itself, some layers left out (arXiv:2309.08168): its rows read the target's exact cache, are marked as
/// a policy's own, and are gone before anything is verified.
/// </summary>
/// <remarks>Works in the target's arena and cache; nothing is allocated after warm-up.</remarks>
public sealed class LayerSkipDrafter : IDrafter
{
    private static readonly Provenance Polluted = new(ushort.MaxValue);

    private readonly ModelRunner _target;
    private readonly DraftRanking _ranking;
    private readonly LayerMask[] _routes; // of each row of the arena: all the same
    private readonly int[] _rows;
    private readonly int _layers;
    private readonly NodeRows _wanted;
    private int _rowCount;

    /// <summary>Makes a drafter.</summary>
    /// <param name="target">The target's runner. Not owned.</param>
    /// <param name="layers">The layers that drafts run.</param>
    /// <param name="tokenCount">Tokens of the vocabulary that have a meaning.</param>
    public LayerSkipDrafter(ModelRunner target, LayerMask layers, int tokenCount = int.MaxValue)
    {
        int count = target.Model.Config.LayerCount, capacity = target.Batch.Capacity;
        if (count > LayerMask.Capacity || layers.Count == 0 || (layers.Bits & ~LayerMask.All(count).Bits) != 0)
            throw new ArgumentOutOfRangeException(nameof(layers), $"Drafts run at least one of the model's {count} layers (at most {LayerMask.Capacity} can be chosen from).");
        (_target, _ranking, _layers) = (target, new DraftRanking(tokenCount), layers.Count);
        (_routes, _rows, _wanted) = (new LayerMask[capacity], new int[capacity], new NodeRows(capacity));
        Array.Fill(_routes, layers);
    }

    /// <inheritdoc/>
    public string Name => "skip";

    /// <inheritdoc/>
    public bool UsesTargetCache => true;

    /// <summary>Every other layer but the first and the last: a choice that needs no calibration.</summary>
    public static LayerMask EveryOther(int layerCount)
    {
        LayerMask mask = default(LayerMask).With(0).With(layerCount - 1);
        for (int layer = 2; layer < layerCount - 1; layer += 2) mask = mask.With(layer);
        return mask;
    }

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
        _target.Model.Run(_target.Batch, added, _target.Model.AllLayers, _routes);
        _wanted.Offer(_target, _target.Model.FinalExit, _ranking, children);
        return 1;
    }

    /// <inheritdoc/>
    public void Settle(ReadOnlySpan<DraftSession> sessions)
    {
        foreach (DraftSession session in sessions)
        {
            if (session.TargetCache is { Staged: > 0 } kv) kv.Rollback();
            session.RootRow = -1;
        }
        DropRows();
    }

    /// <inheritdoc/>
    public void Observe(ReadOnlySpan<DraftSession> sessions)
    {
    }

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
        int row = _target.Batch.Add(kv, token, parent, Polluted);
        if (node == DraftTree.Root) session.RootRow = row;
        else session.Tree.Rows[node] = row;
        _rows[_rowCount++] = row;
        session.DraftLayerRows += _layers;
        _wanted.Add(session, node, row);
    }

    private void DropRows()
    {
        _target.Batch.Remove(_rows.AsSpan(0, _rowCount));
        _rowCount = 0;
    }
}
