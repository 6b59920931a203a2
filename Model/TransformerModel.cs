using Switchyard.Tensor;

namespace Switchyard.Model;

/// <summary>
/// A decoder-only transformer as three verbs: <see cref="Embed"/> rows, <see cref="Run"/> them through layers,
/// <see cref="Readout"/> logits at an exit. Every decoding strategy is a choice of rows, layers and exits.
/// </summary>
/// <remarks>Owns its weights. Called from one thread at a time, together with everything that shares its backend.</remarks>
public sealed class TransformerModel : IDisposable
{
    /// <summary>Rows whose logits exist at once: a judge sees at most so many together.</summary>
    public const int ReadoutChunk = Activations.LogitRows;

    private readonly TransformerWeights _weights;
    private readonly RopeTable _rope;
    private readonly float _scale;
    private readonly bool _ownsWeights = true;

    /// <summary>Joins weights to a backend.</summary>
    /// <param name="backend">Where the weights lie. Not owned.</param>
    /// <param name="config">The shape.</param>
    /// <param name="weights">Owned from here on.</param>
    /// <param name="contextLength">Tokens a sequence may have; rotations are tabulated up to here.</param>
    public TransformerModel(IBackend backend, ModelConfig config, TransformerWeights weights, int contextLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(contextLength);
        (Backend, Config, _weights, ContextLength) = (backend, config, weights, contextLength);
        _rope = RopeFrequencies.Upload(backend, config, contextLength);
        _scale = (float)(1 / Math.Sqrt(config.HeadDim));
        FinalExit = new ExitHead(config.LayerCount, weights.Norm, weights.Head);
    }

    private TransformerModel(TransformerModel full, ModelConfig config, TransformerWeights weights)
        : this(full.Backend, config, weights, full.ContextLength) => _ownsWeights = false;

    /// <summary>Where the weights lie.</summary>
    public IBackend Backend { get; }

    /// <summary>The shape.</summary>
    public ModelConfig Config { get; }

    /// <summary>Tokens a sequence may have.</summary>
    public int ContextLength { get; }

    /// <summary>The read-out after every layer.</summary>
    public ExitHead FinalExit { get; }

    /// <summary>Bytes of the weights in the backend's memory.</summary>
    public long WeightBytes => _weights.ByteCount;

    /// <summary>The weights, for reports.</summary>
    public TransformerWeights Weights => _weights;

    /// <summary>All layers.</summary>
    public LayerRange AllLayers => new(0, Config.LayerCount);

    /// <summary>A read-out after <paramref name="depth"/> layers through the model's own norm and head.</summary>
    public ExitHead SharedExit(int depth)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(depth, Config.LayerCount);
        return FinalExit with { Depth = depth };
    }

    /// <summary>
    /// This model without some of its layers, as a smaller model that shares its weights: a draft that needs no file. Dispose it
    /// before this one.
    /// </summary>
    /// <param name="layers">Layers that stay, at least one.</param>
    public TransformerModel Keep(LayerMask layers)
    {
        var blocks = new List<BlockWeights>();
        int windowFrom = 0; // the first kept layer with a window
        for (int layer = 0; layer < Config.LayerCount; layer++)
        {
            if (!layers.Contains(layer)) continue;
            if (layer < Config.WindowFromLayer) windowFrom++;
            blocks.Add(_weights.Blocks[layer]);
        }
        ArgumentOutOfRangeException.ThrowIfZero(blocks.Count, nameof(layers));
        return new(this, Config with { LayerCount = blocks.Count, WindowFromLayer = windowFrom }, _weights with { Blocks = blocks });
    }

    /// <summary>Makes an arena of <paramref name="rows"/> rows. The caller owns it.</summary>
    public ForwardBatch NewBatch(int rows) => new(Backend, Config, rows, ContextLength);

    /// <summary>Makes room to record states after <paramref name="layers"/> for an arena of <paramref name="rows"/> rows. The caller owns it.</summary>
    public HiddenTaps NewTaps(int rows, params IReadOnlyList<int> layers) => new(Backend, Config, rows, layers);

    /// <summary>Sets each row's hidden state to its token's embedding (depth 0).</summary>
    /// <exception cref="ArgumentOutOfRangeException">A token is not in the vocabulary.</exception>
    public void Embed(ForwardBatch batch, ReadOnlySpan<int> rows)
    {
        foreach (int row in rows)
            if ((uint)batch.Tokens[row] >= (uint)Config.VocabSize)
                throw new ArgumentOutOfRangeException(nameof(rows), batch.Tokens[row], $"Token {batch.Tokens[row]} is not in the vocabulary of {Config.VocabSize}. Use the model's own tokenizer.");
        Backend.Embed(_weights.Embedding, batch.Tokens, rows, batch.Hidden);
    }

    /// <summary>
    /// Applies <paramref name="layers"/> to <paramref name="rows"/>. With <paramref name="routes"/>, indexed by row, a row
    /// executes only the layers of its mask; the others are identity for it and leave its slot there as
    /// <paramref name="skipped"/> says.
    /// </summary>
    /// <param name="batch">The arena.</param>
    /// <param name="rows">Rows at the depth where <paramref name="layers"/> begins; a parent before its children. All of one pool.</param>
    /// <param name="layers">Layers to run.</param>
    /// <param name="routes">One mask a row of the arena, or empty for every layer.</param>
    /// <param name="taps">Where to record states, or null.</param>
    /// <param name="skipped"><see cref="KvStore.Absent"/> or <see cref="KvStore.Zero"/>.</param>
    public void Run(
        ForwardBatch batch, ReadOnlySpan<int> rows, LayerRange layers, ReadOnlySpan<LayerMask> routes = default,
        HiddenTaps? taps = null, short skipped = KvStore.Absent)
    {
        for (int layer = layers.Start; layer < layers.End; layer++)
        {
            ReadOnlySpan<int> active = rows;
            if (!routes.IsEmpty)
            {
                int count = 0;
                foreach (int row in rows)
                {
                    if (routes[row].Contains(layer)) batch.Scratch.Active[count++] = row;
                    else batch.Sequence(row).Store.SetSource(layer, batch.StoreSlots[row], skipped);
                }
                active = batch.Scratch.Active.AsSpan(0, count);
            }
            if (active.Length > 0) RunBlock(batch, layer, active);
            taps?.Record(Backend, layer, batch.Hidden, rows);
        }
    }

    /// <summary>
    /// Lets a row that stopped after <paramref name="depth"/> layers be attended to at deeper ones, by naming the keys and
    /// values of the last layer it ran (state copying, DREX, arXiv:2512.15705). Nothing is moved.
    /// </summary>
    public void FillFromExit(ForwardBatch batch, int row, int depth)
    {
        KvStore store = batch.Sequence(row).Store;
        short source = store.Source(depth - 1, batch.StoreSlots[row]);
        for (int layer = depth; layer < Config.LayerCount; layer++) store.SetSource(layer, batch.StoreSlots[row], source);
    }

    /// <summary>Hands the logits of each row at <paramref name="exit"/> to <paramref name="reader"/>, in order.</summary>
    public void Readout<TReader>(ForwardBatch batch, ReadOnlySpan<int> rows, ExitHead exit, ref TReader reader)
        where TReader : ILogitsReader, allows ref struct
    {
        int vocab = Config.VocabSize;
        Span<float> host = batch.HostLogits(vocab);
        for (int start = 0; start < rows.Length; start += Activations.LogitRows)
        {
            int count = Math.Min(Activations.LogitRows, rows.Length - start);
            ComputeLogits(batch, rows.Slice(start, count), exit);
            for (int i = 0; i < count; i++)
            {
                Backend.Read(batch.Scratch.Logits, vocab, Activations.ChunkRows.Slice(i, 1), host);
                reader.Read(start + i, host);
            }
        }
    }

    /// <summary>Writes the logits of each row at <paramref name="exit"/> to <paramref name="logits"/>, [rows, VocabSize].</summary>
    public void Readout(ForwardBatch batch, ReadOnlySpan<int> rows, ExitHead exit, Span<float> logits)
    {
        for (int start = 0; start < rows.Length; start += Activations.LogitRows)
        {
            int count = Math.Min(Activations.LogitRows, rows.Length - start);
            ComputeLogits(batch, rows.Slice(start, count), exit);
            Backend.Read(batch.Scratch.Logits, Config.VocabSize, Activations.ChunkRows[..count], logits.Slice(start * Config.VocabSize, count * Config.VocabSize));
        }
    }

    /// <summary>
    /// The <paramref name="count"/> best tokens of each row at <paramref name="exit"/>, without bringing logits to the host.
    /// Shapes as <see cref="IBackend.TopK"/> has them.
    /// </summary>
    public void ReadoutTop(
        ForwardBatch batch, ReadOnlySpan<int> rows, ExitHead exit, int count, Span<int> ids, Span<float> values, Span<float> logSumExp)
    {
        for (int start = 0; start < rows.Length; start += Activations.LogitRows)
        {
            int n = Math.Min(Activations.LogitRows, rows.Length - start);
            ComputeLogits(batch, rows.Slice(start, n), exit);
            Backend.TopK(
                batch.Scratch.Logits, Config.VocabSize, Activations.ChunkRows[..n], count,
                ids.Slice(start * count, n * count), values.Slice(start * count, n * count), logSumExp.Slice(start, n));
        }
    }

    /// <summary>
    /// Shows the <paramref name="count"/> best tokens of each row at <paramref name="exit"/> to <paramref name="judge"/>, chunk by
    /// chunk, and hands it the logits of the rows it wants. Every row's logits are computed once.
    /// </summary>
    /// <param name="batch">The arena.</param>
    /// <param name="rows">Rows at the depth of <paramref name="exit"/>.</param>
    /// <param name="exit">Norm and head.</param>
    /// <param name="count">Best tokens to show, at most 8.</param>
    /// <param name="judge">Told of chunks in order.</param>
    public void Readout<TJudge>(ForwardBatch batch, ReadOnlySpan<int> rows, ExitHead exit, int count, ref TJudge judge)
        where TJudge : ILogitsJudge, allows ref struct
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 8);
        Span<int> ids = stackalloc int[ReadoutChunk * 8];
        Span<float> values = stackalloc float[ReadoutChunk * 8], logSumExp = stackalloc float[ReadoutChunk];
        Span<float> host = batch.HostLogits(Config.VocabSize);
        for (int start = 0; start < rows.Length; start += ReadoutChunk)
        {
            int n = Math.Min(ReadoutChunk, rows.Length - start);
            ComputeLogits(batch, rows.Slice(start, n), exit);
            Backend.TopK(batch.Scratch.Logits, Config.VocabSize, Activations.ChunkRows[..n], count, ids[..(n * count)], values[..(n * count)], logSumExp[..n]);
            judge.Judge(start, ids[..(n * count)], values[..(n * count)], logSumExp[..n]);
            for (int i = 0; i < n; i++)
            {
                if (!judge.Wants(start + i)) continue;
                Backend.Read(batch.Scratch.Logits, Config.VocabSize, Activations.ChunkRows.Slice(i, 1), host);
                judge.Read(start + i, host);
            }
        }
    }

    /// <summary>Frees the weights, where they are its own, and the rotations.</summary>
    public void Dispose()
    {
        if (_ownsWeights)
            foreach (Weight weight in _weights.All()) weight.Dispose();
        _rope.Dispose();
    }

    private void ComputeLogits(ForwardBatch batch, ReadOnlySpan<int> rows, ExitHead exit)
    {
        Activations s = batch.Scratch;
        ReadOnlySpan<int> chunk = Activations.ChunkRows[..rows.Length];
        Backend.RmsNorm(batch.Hidden, exit.Norm, Config.RmsNormEps, rows, s.ReadoutNormed, chunk);
        Backend.MatMul(s.ReadoutNormed, [new Projection(exit.Projection, s.Logits)], chunk);
    }

    private void RunBlock(ForwardBatch batch, int layer, ReadOnlySpan<int> rows)
    {
        Activations s = batch.Scratch;
        BlockWeights w = _weights.Blocks[layer];
        KvStore kv = batch.Sequence(rows[0]).Store;
        var shape = new AttentionShape(Config.HeadCount, Config.KvHeadCount, Config.HeadDim, _scale, Config.WindowOf(layer));

        Backend.RmsNorm(batch.Hidden, w.AttentionNorm, Config.RmsNormEps, rows, s.Normed);
        Backend.MatMul(s.Normed, [new(w.Query, s.Queries, w.QueryBias), new(w.Key, s.Keys, w.KeyBias), new(w.Value, s.Values, w.ValueBias)], rows);
        if (w.QueryNorm is { } queryNorm) Backend.RmsNormHeads(s.Queries, Config.HeadDim, queryNorm, Config.RmsNormEps, rows);
        if (w.KeyNorm is { } keyNorm) Backend.RmsNormHeads(s.Keys, Config.HeadDim, keyNorm, Config.RmsNormEps, rows);
        Backend.Rope(s.Queries, Config.QueryDim, _rope, batch.Positions, rows);
        Backend.Rope(s.Keys, Config.KvDim, _rope, batch.Positions, rows);
        Backend.StoreKv(kv, layer, s.Keys, s.Values, batch.StoreSlots, rows);
        Backend.Attend(s.Queries, shape, kv, layer, batch.Plan, rows, s.Attended);
        Backend.MatMul(s.Attended, [new(w.Output, batch.Hidden, w.OutputBias)], rows, accumulate: true);

        Backend.RmsNorm(batch.Hidden, w.FeedForwardNorm, Config.RmsNormEps, rows, s.Normed);
        Backend.MatMul(s.Normed, [new(w.Gate, s.Gate, w.GateBias), new(w.Up, s.Up, w.UpBias)], rows);
        Backend.SwiGlu(s.Gate, s.Up, Config.IntermediateSize, rows);
        Backend.MatMul(s.Gate, [new(w.Down, batch.Hidden, w.DownBias)], rows, accumulate: true);
    }
}
