using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Model.Synthetic;
using Switchyard.Tensor;

namespace Switchyard.Tests.Drex;

/// <summary>Small random models of every family, six layers deep; exits of random models are unsure, so thresholds are low.</summary>
internal static class DrexModels
{
    public const int Vocabulary = 29, Context = 96;

    private static readonly ModelConfig Llama = new()
    {
        VocabSize = Vocabulary, HiddenSize = 32, IntermediateSize = 48, LayerCount = 6, HeadCount = 4, KvHeadCount = 2, HeadDim = 8,
        MaxPositionEmbeddings = Context, TieWordEmbeddings = true,
    };

    public static readonly (string Name, ModelConfig Config)[] Families =
    [
        ("llama", Llama),
        ("mistral", Llama with { Family = ModelFamily.Mistral, SlidingWindow = 9 }),
        ("qwen2", Llama with { Family = ModelFamily.Qwen2, QkvBias = true, TieWordEmbeddings = false }),
        ("qwen3", Llama with { Family = ModelFamily.Qwen3, QkNorm = true, HeadDim = 12 }),
    ];

    public static IEnumerable<object[]> FamilyNames() => Families.Select(f => new object[] { f.Name });

    public static TransformerModel Create(string family, ulong seed = 1) => SyntheticModel.Create(
        new CpuBackend(new CpuOptions { Threads = 1 }), Families.Single(f => f.Name == family).Config, DType.F32, Context, seed);

    /// <summary>A runner that owns the model; the backend is left to the collector.</summary>
    public static ModelRunner Runner(string family, int rows = 48, int slots = 2048, ulong seed = 1) =>
        new(Create(family, seed), rows, slots, ownsModel: true);
}
