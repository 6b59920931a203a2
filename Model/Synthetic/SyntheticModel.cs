using Switchyard.Tensor;

namespace Switchyard.Model.Synthetic;

/// <summary>Models of true shapes with random weights, made in memory: what speed is measured on where no file is at hand.</summary>
public static class SyntheticModel
{
    private static readonly Dictionary<string, ModelConfig> Shapes = new(StringComparer.Ordinal)
    {
        ["llama-1b"] = Llama(16, 2048, 8192, 32, 64),
        ["llama-3b"] = Llama(28, 3072, 8192, 24, 128),
        ["llama-8b"] = Llama(32, 4096, 14336, 32, 128) with { TieWordEmbeddings = false },
        ["qwen-0.5b"] = new ModelConfig
        {
            Family = ModelFamily.Qwen2, VocabSize = 151936, HiddenSize = 896, IntermediateSize = 4864, LayerCount = 24, HeadCount = 14,
            KvHeadCount = 2, HeadDim = 64, MaxPositionEmbeddings = 32768, RopeTheta = 1e6, RmsNormEps = 1e-6f, QkvBias = true, TieWordEmbeddings = true,
        },
    };

    /// <summary>Names of the shapes.</summary>
    public static IReadOnlyCollection<string> Names => Shapes.Keys;

    /// <summary>The shape of <paramref name="name"/>.</summary>
    /// <exception cref="ArgumentException">No such shape; the message names those there are.</exception>
    public static ModelConfig Shape(string name) => Shapes.TryGetValue(name, out ModelConfig? config)
        ? config
        : throw new ArgumentException($"There is no synthetic model '{name}'. Supported: {string.Join(", ", Shapes.Keys)}.", nameof(name));

    /// <summary>Makes a model.</summary>
    /// <param name="backend">Where its weights go.</param>
    /// <param name="config">Its shape.</param>
    /// <param name="format">Format of projections and the table; norms and biases are F32. A row that is no whole number of
    /// 256-blocks is made as Q8_0 instead, as converters do.</param>
    /// <param name="contextLength">Tokens a sequence may have.</param>
    /// <param name="seed">Chooses the weights.</param>
    public static TransformerModel Create(IBackend backend, ModelConfig config, DType format, int contextLength, ulong seed = 1) =>
        Make(backend, config, format, contextLength, seed, isSuccessor: false);

    /// <summary>
    /// Makes a model of the same shape and cost whose text is known beforehand: under greedy decoding every token is followed by
    /// the next id, and the last id by the first. Attention and feed-forward layers are computed and add nothing; the head is the
    /// table, moved by one row.
    /// </summary>
    /// <inheritdoc cref="Create"/>
    public static TransformerModel CreateSuccessor(IBackend backend, ModelConfig config, DType format, int contextLength, ulong seed = 1)
    {
        ArgumentNullException.ThrowIfNull(config);
        return Make(backend, config with { TieWordEmbeddings = false }, format, contextLength, seed, isSuccessor: true);
    }

    private static TransformerModel Make(IBackend backend, ModelConfig config, DType format, int contextLength, ulong seed, bool isSuccessor)
    {
        ulong next = seed << 20;
        int kv = config.KvDim, query = config.QueryDim, hidden = config.HiddenSize, inner = config.IntermediateSize;
        Weight head = Matrix("embedding", config.VocabSize, hidden);
        var blocks = new BlockWeights[config.LayerCount];
        for (int i = 0; i < blocks.Length; i++)
        {
            string name = $"layer {i}";
            blocks[i] = new BlockWeights
            {
                AttentionNorm = Ones(name, hidden), FeedForwardNorm = Ones(name, hidden),
                Query = Matrix(name, query, hidden), Key = Matrix(name, kv, hidden), Value = Matrix(name, kv, hidden), Output = Adding(name, query),
                Gate = Matrix(name, inner, hidden), Up = Matrix(name, inner, hidden), Down = Adding(name, inner),
                QueryBias = config.QkvBias ? Vector(name, query) : null, KeyBias = config.QkvBias ? Vector(name, kv) : null,
                ValueBias = config.QkvBias ? Vector(name, kv) : null,
                QueryNorm = config.QkNorm ? Ones(name, config.HeadDim) : null, KeyNorm = config.QkNorm ? Ones(name, config.HeadDim) : null,
            };
        }
        Weight output = config.TieWordEmbeddings ? head
            : isSuccessor ? backend.Upload("head", new MovedRows(Random(config.VocabSize, hidden, seed << 20)))
            : Matrix("head", config.VocabSize, hidden);
        return new TransformerModel(backend, config, new TransformerWeights(head, blocks, Ones("norm", hidden), output), contextLength);

        Weight Matrix(string name, int rows, int cols) => backend.Upload(name, Random(rows, cols, next++));

        Weight Adding(string name, int cols) // what is added to the hidden state
        {
            RandomTensorData random = Random(hidden, cols, next++);
            return backend.Upload(name, isSuccessor ? new ArrayTensorData(random.DType, hidden, cols, new byte[random.ByteCount]) : random);
        }

        RandomTensorData Random(int rows, int cols, ulong number) =>
            new(cols % format.BlockElements() == 0 ? format : DType.Q8_0, rows, cols, number, (float)(1 / Math.Sqrt(cols)));

        Weight Vector(string name, int cols) => backend.Upload(name, new RandomTensorData(DType.F32, 1, cols, next++, 0.02f));

        Weight Ones(string name, int cols)
        {
            var ones = new float[cols];
            Array.Fill(ones, 1f);
            return backend.Upload(name, ArrayTensorData.FromFloats(1, cols, ones));
        }
    }

    private static ModelConfig Llama(int layers, int hidden, int inner, int heads, int headDim) => new()
    {
        VocabSize = 128256, HiddenSize = hidden, IntermediateSize = inner, LayerCount = layers, HeadCount = heads, KvHeadCount = 8, HeadDim = headDim,
        MaxPositionEmbeddings = 131072, RopeTheta = 500000, TieWordEmbeddings = true,
        RopeScaling = new RopeScaling.Llama3(32, 1, 4, 8192),
    };

    /// <summary>A tensor whose row i is row i − 1 of another, and whose first is its last.</summary>
    private sealed class MovedRows(TensorData inner) : TensorData(inner.DType, inner.Rows, inner.Cols)
    {
        public override void ReadRow(int row, Span<byte> destination) => inner.ReadRow(row == 0 ? Rows - 1 : row - 1, destination);
    }
}
