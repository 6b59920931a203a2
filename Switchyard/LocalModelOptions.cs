using Switchyard.Backends.Cpu;
using Switchyard.Model.Files;
using Switchyard.Tensor;

namespace Switchyard;

/// <summary>How a model is opened. The defaults suit one user on one machine.</summary>
public sealed record LocalModelOptions
{
    /// <summary>
    /// Tokens that a request may have, prompt and output together; null for what the model was made for, at most
    /// <see cref="LoadOptions.DefaultContextLength"/>.
    /// </summary>
    public int? ContextLength { get; init; }

    /// <summary>Threads; 0 for one per processor. Tokens do not depend on it.</summary>
    public int Threads { get; init; }

    /// <summary>Quantises plain weights while loading, to <see cref="DType.Q8_0"/> or <see cref="DType.Q4_0"/>; null keeps the file's formats.</summary>
    public DType? Quantize { get; init; }

    /// <summary>Format of cached keys and values: <see cref="DType.F32"/>, or <see cref="DType.F16"/> for half the memory.</summary>
    public DType CacheType { get; init; } = DType.F32;

    /// <summary>Tokens that all requests together may cache; null for <see cref="MaxBatch"/> full contexts, or as many as 256 MiB hold, and one at least.</summary>
    public int? CacheTokens { get; init; }

    /// <summary>Requests decoded together; more wait their turn.</summary>
    public int MaxBatch { get; init; } = 8;

    /// <summary>How tokens are produced where a request names no strategy: by default whichever measures fastest, with plain decoding's tokens.</summary>
    public StrategySpec Strategy { get; init; } = StrategySpec.Auto;

    /// <summary>Further strategies that requests may name. Each has a cache of its own.</summary>
    public IReadOnlyList<StrategySpec> MoreStrategies { get; init; } = [];

    /// <summary>Kinds of strategies beside the built-in ones, to be used by name.</summary>
    public IReadOnlyList<StrategyKind> StrategyKinds { get; init; } = [];

    /// <summary>Told after every tensor that was loaded, on the loading thread.</summary>
    public IProgress<LoadProgress>? Progress { get; init; }

    /// <summary>Where to compute; null for the CPU. A backend given here is not disposed with the model, and serves nobody else meanwhile.</summary>
    public IBackend? Backend { get; init; }

    /// <summary>Events that a strategy with a timeline keeps, such as DREX's parking and regrouping; 0 keeps none.</summary>
    public int TimelineCapacity { get; init; }

    /// <summary>The clock of reports.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        if (ContextLength is <= 0) throw new ArgumentOutOfRangeException(nameof(ContextLength), ContextLength, "A context has 1 token or more; leave it null for the model's own.");
        if (Threads is < 0 or > CpuOptions.MaxThreads) throw new ArgumentOutOfRangeException(nameof(Threads), Threads, $"Give 1 … {CpuOptions.MaxThreads} threads, or 0 for one per processor.");
        if (MaxBatch <= 0) throw new ArgumentOutOfRangeException(nameof(MaxBatch), MaxBatch, "A batch has 1 request or more.");
        if (CacheTokens is <= 0) throw new ArgumentOutOfRangeException(nameof(CacheTokens), CacheTokens, "A cache holds 1 token or more; leave it null for the default.");
        if (TimelineCapacity < 0) throw new ArgumentOutOfRangeException(nameof(TimelineCapacity), TimelineCapacity, "A timeline keeps 1 event or more, or 0 for none.");
        if (CacheType is not (DType.F32 or DType.F16)) throw new ArgumentOutOfRangeException(nameof(CacheType), CacheType, "A cache is F32 or F16.");
        if (Quantize is not (null or DType.Q8_0 or DType.Q4_0)) throw new ArgumentOutOfRangeException(nameof(Quantize), Quantize, "Weights are quantised to Q8_0 or Q4_0 while loading.");
    }
}
