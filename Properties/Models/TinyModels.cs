using Switchyard.Model;
using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary>Random models of every family: at most six layers, 29 tokens, and the real architecture.</summary>
public static class TinyModels
{
    /// <summary>Tokens in the vocabulary of each.</summary>
    public const int VocabSize = 29;

    /// <summary>Tokens that a sequence may have.</summary>
    public const int ContextLength = 96;

    private static readonly ModelConfig Plain = new()
    {
        VocabSize = VocabSize,
        HiddenSize = 32,
        IntermediateSize = 64,
        LayerCount = 4,
        HeadCount = 4,
        KvHeadCount = 2,
        HeadDim = 8,
        MaxPositionEmbeddings = ContextLength,
    };

    /// <summary>One of each family and variant.</summary>
    public static IReadOnlyList<ModelSource> All { get; } =
    [
        Of("llama-gqa-tied", Plain with { TieWordEmbeddings = true, LayerCount = 6 }),
        Of("llama-mha-biases", Plain with { KvHeadCount = 4, LayerCount = 2, QkvBias = true, AttentionOutputBias = true, MlpBias = true }),
        Of("llama-linear-rope", Plain with { RopeScaling = new RopeScaling.Linear(2.5) }),
        Of("llama3-rope", Plain with { RopeTheta = 500_000, RopeScaling = new RopeScaling.Llama3(8, 1, 4, 32) }),
        Of("llama-yarn", Plain with { RopeScaling = new RopeScaling.Yarn(4, 24) }),
        Of("llama-dynamic-rope", Plain with { RopeScaling = new RopeScaling.Dynamic(2), MaxPositionEmbeddings = ContextLength / 2 }),
        Of("mistral-window", Plain with { Family = ModelFamily.Mistral, SlidingWindow = 7 }),
        Of("qwen2-bias", Plain with { Family = ModelFamily.Qwen2, QkvBias = true, TieWordEmbeddings = true, SlidingWindow = 11, WindowFromLayer = 2 }),
        Of("qwen3-qk-norm", Plain with { Family = ModelFamily.Qwen3, QkNorm = true, HeadDim = 16, KvHeadCount = 1, RmsNormEps = 1e-6f }),
        Of("llama-f16", Plain with { TieWordEmbeddings = true }, DType.F16),
        Of("llama-bf16", Plain, DType.BF16),
        Of("llama-q8_0", Plain, DType.Q8_0),
        Of("llama-q4_0", Plain, DType.Q4_0),
        Of("llama-q4_1", Plain, DType.Q4_1),
    ];

    /// <summary>The source with a name.</summary>
    public static ModelSource Get(string name) => All.First(source => source.Name == name);

    /// <summary>A random model of the shape of <paramref name="config"/>.</summary>
    /// <param name="backend">Where it goes.</param>
    /// <param name="config">Its shape; inputs of projections are whole blocks of <paramref name="format"/>.</param>
    /// <param name="format">Of every matrix; norms and biases are F32.</param>
    /// <param name="seed">Of the weights.</param>
    public static TransformerModel Build(IBackend backend, ModelConfig config, DType format, int seed, int contextLength = ContextLength)
    {
        var maker = new WeightMaker(backend, format, seed);
        Weight embedding = maker.Matrix("embedding", config.VocabSize, config.HiddenSize, 0.4f);
        BlockWeights[] blocks = [.. Enumerable.Range(0, config.LayerCount).Select(layer => maker.Block(config, layer))];
        Weight norm = maker.Gain("norm", config.HiddenSize);
        Weight head = config.TieWordEmbeddings ? embedding : maker.Matrix("head", config.VocabSize, config.HiddenSize, 0.4f);
        return new TransformerModel(backend, config, new TransformerWeights(embedding, blocks, norm, head), contextLength);
    }

    private static ModelSource Of(string name, ModelConfig config, DType format = DType.F32) =>
        new(name, (backend, seed) => Build(backend, config, format, seed));
}
