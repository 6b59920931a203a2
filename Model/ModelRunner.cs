using Switchyard.Tensor;

namespace Switchyard.Model;

/// <summary>A model ready to decode: its cache pool, its arena of rows, and the way a cache is brought up to date.</summary>
/// <remarks>
/// A cache may be left ahead, behind or wrong; whoever uses it next puts it right by <see cref="KvSequence.Reconcile"/> and
/// <see cref="Feed"/>. Chat turns, prefix reuse and recovery from a cancelled step are the same two calls. One thread at a time.
/// </remarks>
public sealed class ModelRunner : IDisposable
{
    private readonly bool _ownsModel, _ownsParts = true;
    private SharedRunner? _shared;

    /// <summary>Joins a model, a pool and an arena.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batchRows">Rows of the arena: the most that one pass runs.</param>
    /// <param name="cacheSlots">Tokens that all sequences together may cache.</param>
    /// <param name="cacheType">Format of keys and values.</param>
    /// <param name="ownsModel">Whether disposing this disposes the model.</param>
    public ModelRunner(TransformerModel model, int batchRows, int cacheSlots, DType cacheType = DType.F32, bool ownsModel = false)
    {
        (Model, _ownsModel) = (model, ownsModel);
        Pool = new KvPool(model.Backend, model.Config, cacheSlots, cacheType);
        Batch = model.NewBatch(batchRows);
    }

    private ModelRunner(ModelRunner shared) => (Model, Pool, Batch, _ownsParts) = (shared.Model, shared.Pool, shared.Batch, false);

    internal ModelRunner(ModelRunner runner, SharedRunner shared)
        : this(runner) => _shared = shared;

    /// <summary>The model.</summary>
    public TransformerModel Model { get; }

    /// <summary>Cache room.</summary>
    public KvPool Pool { get; }

    /// <summary>The arena.</summary>
    public ForwardBatch Batch { get; }

    /// <summary>Reserves a cache; users of a <see cref="SharedRunner"/> who rent for the same request get the same one, with whatever the others left in it.</summary>
    /// <param name="request">Whose cache it is, by reference.</param>
    /// <param name="needed">Slots of its own tokens.</param>
    /// <param name="slack">Slots beyond them that may be staged.</param>
    /// <returns>The cache; null while there is no room.</returns>
    /// <exception cref="ContextOverflowException">The pool will never have such room.</exception>
    public KvSequence? TryRent(object request, int needed, int slack = 0) =>
        _shared is null ? Pool.TryRent(needed + slack) : _shared.TryRent(request, needed, slack);

    /// <summary>The cache that users of a <see cref="SharedRunner"/> have for a request; null for none, and where nobody shares.</summary>
    public KvSequence? Find(object request) => _shared?.Find(request);

    /// <summary>Gives back what <see cref="TryRent"/> gave; to be called once.</summary>
    public void Return(object request, KvSequence kv)
    {
        if (_shared is null) Pool.Return(kv);
        else _shared.Return(request, kv);
    }

    /// <summary>
    /// Adds the next missing tokens of a sequence to the arena, as a chain, without running them. Call
    /// <see cref="KvSequence.Reconcile"/> first.
    /// </summary>
    /// <param name="kv">The cache.</param>
    /// <param name="tokens">Every token that the cache is to hold.</param>
    /// <param name="rows">Receives the rows added; its length bounds their number.</param>
    /// <returns>Rows added: min(missing tokens, room in <paramref name="rows"/> and in the arena).</returns>
    public int Feed(KvSequence kv, ReadOnlySpan<int> tokens, Span<int> rows, Provenance provenance = default)
    {
        int from = kv.Length + kv.Staged;
        int count = Math.Min(Math.Min(tokens.Length - from, rows.Length), Batch.FreeRows);
        for (int i = 0, parent = ForwardBatch.Root; i < count; i++) rows[i] = parent = Batch.Add(kv, tokens[from + i], parent, provenance);
        return Math.Max(0, count);
    }

    /// <summary>Embeds rows and runs every layer.</summary>
    public void Forward(ReadOnlySpan<int> rows)
    {
        Model.Embed(Batch, rows);
        Model.Run(Batch, rows, Model.AllLayers);
    }

    /// <summary>Brings <paramref name="kv"/> to hold every token but the last, however many passes that takes.</summary>
    public void CatchUp(KvSequence kv, ReadOnlySpan<int> tokens, Provenance reader = default)
    {
        Span<int> rows = stackalloc int[64];
        kv.Reconcile(tokens, reader);
        while (kv.Length < tokens.Length - 1)
        {
            int count = Feed(kv, tokens[..^1], rows);
            if (count == 0) throw new InvalidOperationException("The arena has no free row to catch up with. Remove finished rows first.");
            Forward(rows[..count]);
            kv.CommitAll();
            Batch.Remove(rows[..count]);
        }
    }

    /// <summary>
    /// The same model, cache and arena for another user, who frees nothing by disposing it. Users take turns: each leaves the
    /// arena empty.
    /// </summary>
    public ModelRunner Share() => new(this);

    /// <summary>Frees the arena and the pool, and the model where it is owned.</summary>
    public void Dispose()
    {
        _shared?.Leave();
        _shared = null;
        if (!_ownsParts) return;
        Batch.Dispose();
        Pool.Dispose();
        if (_ownsModel) Model.Dispose();
    }
}
