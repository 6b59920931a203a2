using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>How a model is loaded.</summary>
public sealed record LoadOptions
{
    /// <summary>What <see cref="ContextLength"/> is at most when it is not given, in tokens.</summary>
    public const int DefaultContextLength = 4096;

    /// <summary>Tokens a sequence may have; null for what the model was made for, but no more than <see cref="DefaultContextLength"/>.</summary>
    public int? ContextLength { get; init; }

    /// <summary>
    /// <see cref="DType.Q8_0"/> or <see cref="DType.Q4_0"/> to quantise plain projections while they are read; null keeps every format.
    /// Norms and biases are kept; embedding and head become Q8_0 in either case, because 4 bits cost them most. A row that is
    /// no whole number of blocks keeps its format.
    /// </summary>
    public DType? Quantize { get; init; }

    /// <summary>
    /// Widens every weight to float32, exactly: activations are then not rounded to 8 bits either, which is the measure of what the
    /// stored formats alone cost. Takes four bytes a weight.
    /// </summary>
    public bool Widen { get; init; }

    /// <summary>Told after every tensor, on the loading thread.</summary>
    public IProgress<LoadProgress>? Progress { get; init; }

    /// <summary>The context length for a model, checked.</summary>
    /// <exception cref="ArgumentException">The length is not positive, or longer than the model's positions reach.</exception>
    public int ContextLengthFor(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (ContextLength is not { } length) return Math.Min(config.MaxPositionEmbeddings, DefaultContextLength);
        if (length <= 0) throw new ArgumentException($"A context of {length} tokens was asked for; it takes one at least.");
        double reach = config.RopeScaling is RopeScaling.Dynamic dynamic ? config.MaxPositionEmbeddings * dynamic.Factor : config.MaxPositionEmbeddings;
        if (length > reach)
            throw new ArgumentException($"A context of {length} tokens was asked for; the model's positions reach {(long)reach}. Ask for less.");
        return length;
    }

    /// <summary>The format in which a tensor is handed to the backend.</summary>
    /// <exception cref="NotSupportedException"><see cref="Quantize"/> is another format, or the tensor is quantised already.</exception>
    public DType FormatOf(WeightId id, WeightEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (Widen && Quantize is null) return DType.F32;
        if (Widen) throw new NotSupportedException("Widening weights and quantising them exclude each other.");
        if (Quantize is not { } target || id.IsVector) return entry.DType;
        if (target is not (DType.Q8_0 or DType.Q4_0)) throw new NotSupportedException($"Weights are quantised to Q8_0 or Q4_0 while loading, not to {target}.");
        if (entry.DType.IsBlockFormat())
            throw new NotSupportedException($"{entry.Name} is {entry.DType} already; only F32, F16 and BF16 weights are quantised while loading. Load the file as it is.");
        if (id.IsTable) target = DType.Q8_0;
        return entry.Shape[^1] % target.BlockElements() == 0 ? target : entry.DType;
    }
}
