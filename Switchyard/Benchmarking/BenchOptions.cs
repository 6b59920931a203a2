using Switchyard.Tensor;

namespace Switchyard.Benchmarking;

/// <summary>What <see cref="ModelBench"/> measures.</summary>
public sealed record BenchOptions
{
    /// <summary>Interleaved rounds; figures are medians over them.</summary>
    public int Repeat { get; init; } = 5;

    /// <summary>Prompt lengths, in tokens.</summary>
    public IReadOnlyList<int> Prompts { get; init; } = [128, 512];

    /// <summary>Cached tokens before the decoded one.</summary>
    public IReadOnlyList<int> Contexts { get; init; } = [128, 2048];

    /// <summary>Rows of one pass whose cost is measured, logits of all of them included.</summary>
    public IReadOnlyList<int> Rows { get; init; } = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

    /// <summary>Cached tokens before the rows of the cost curve.</summary>
    public int CostContext { get; init; } = 128;

    /// <summary>Format of cached keys and values: F32 or F16.</summary>
    public DType CacheType { get; init; } = DType.F32;

    /// <summary>Decode passes that make one sample.</summary>
    public int DecodePasses { get; init; } = 4;
}
