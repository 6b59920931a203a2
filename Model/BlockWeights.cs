using Switchyard.Tensor;

namespace Switchyard.Model;

/// <summary>The weights of one block. Projections are [out, in]; norms and biases are [1, n].</summary>
public sealed record BlockWeights
{
    /// <summary>Gain before attention, [1, HiddenSize].</summary>
    public required Weight AttentionNorm { get; init; }

    /// <summary>[QueryDim, HiddenSize].</summary>
    public required Weight Query { get; init; }

    /// <summary>[KvDim, HiddenSize].</summary>
    public required Weight Key { get; init; }

    /// <summary>[KvDim, HiddenSize].</summary>
    public required Weight Value { get; init; }

    /// <summary>[HiddenSize, QueryDim].</summary>
    public required Weight Output { get; init; }

    /// <summary>Gain before the feed-forward, [1, HiddenSize].</summary>
    public required Weight FeedForwardNorm { get; init; }

    /// <summary>[IntermediateSize, HiddenSize].</summary>
    public required Weight Gate { get; init; }

    /// <summary>[IntermediateSize, HiddenSize].</summary>
    public required Weight Up { get; init; }

    /// <summary>[HiddenSize, IntermediateSize].</summary>
    public required Weight Down { get; init; }

    /// <summary>[1, QueryDim], or null.</summary>
    public Weight? QueryBias { get; init; }

    /// <summary>[1, KvDim], or null.</summary>
    public Weight? KeyBias { get; init; }

    /// <summary>[1, KvDim], or null.</summary>
    public Weight? ValueBias { get; init; }

    /// <summary>[1, HiddenSize], or null.</summary>
    public Weight? OutputBias { get; init; }

    /// <summary>[1, IntermediateSize], or null.</summary>
    public Weight? GateBias { get; init; }

    /// <summary>[1, IntermediateSize], or null.</summary>
    public Weight? UpBias { get; init; }

    /// <summary>[1, HiddenSize], or null.</summary>
    public Weight? DownBias { get; init; }

    /// <summary>Gain on every query head, [1, HeadDim], or null.</summary>
    public Weight? QueryNorm { get; init; }

    /// <summary>Gain on every key head, [1, HeadDim], or null.</summary>
    public Weight? KeyNorm { get; init; }

    /// <summary>Every weight that is there.</summary>
    public IEnumerable<Weight> All()
    {
        Weight?[] all =
        [
            AttentionNorm, Query, Key, Value, Output, FeedForwardNorm, Gate, Up, Down,
            QueryBias, KeyBias, ValueBias, OutputBias, GateBias, UpBias, DownBias, QueryNorm, KeyNorm,
        ];
        foreach (Weight? weight in all)
            if (weight is not null) yield return weight;
    }
}
