namespace Switchyard.Model.Files;

/// <summary>What a tensor is for.</summary>
public enum WeightRole
{
    /// <summary>Token table, [VocabSize, HiddenSize].</summary>
    Embedding,

    /// <summary>The final norm's gain, [HiddenSize].</summary>
    FinalNorm,

    /// <summary>Output projection, [VocabSize, HiddenSize]; absent when tied.</summary>
    Head,

    /// <summary>Gain before attention, [HiddenSize].</summary>
    AttentionNorm,

    /// <summary>[QueryDim, HiddenSize].</summary>
    Query,

    /// <summary>[KvDim, HiddenSize].</summary>
    Key,

    /// <summary>[KvDim, HiddenSize].</summary>
    Value,

    /// <summary>[HiddenSize, QueryDim].</summary>
    Output,

    /// <summary>Gain before the feed-forward, [HiddenSize].</summary>
    FeedForwardNorm,

    /// <summary>[IntermediateSize, HiddenSize].</summary>
    Gate,

    /// <summary>[IntermediateSize, HiddenSize].</summary>
    Up,

    /// <summary>[HiddenSize, IntermediateSize].</summary>
    Down,

    /// <summary>[QueryDim].</summary>
    QueryBias,

    /// <summary>[KvDim].</summary>
    KeyBias,

    /// <summary>[KvDim].</summary>
    ValueBias,

    /// <summary>[HiddenSize].</summary>
    OutputBias,

    /// <summary>[IntermediateSize].</summary>
    GateBias,

    /// <summary>[IntermediateSize].</summary>
    UpBias,

    /// <summary>[HiddenSize].</summary>
    DownBias,

    /// <summary>Gain on every query head, [HeadDim].</summary>
    QueryNorm,

    /// <summary>Gain on every key head, [HeadDim].</summary>
    KeyNorm,
}
