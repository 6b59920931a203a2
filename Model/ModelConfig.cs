namespace Switchyard.Model;

/// <summary>The shape of a decoder-only transformer. Fields read like config.json; readers of files validate them.</summary>
public sealed record ModelConfig
{
    /// <summary>Which family the file names.</summary>
    public ModelFamily Family { get; init; } = ModelFamily.Llama;

    /// <summary>Rows of the embedding table; may exceed the tokenizer's vocabulary.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Elements of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Elements of the feed-forward's inner activation.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Transformer blocks.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key and value heads; divides <see cref="HeadCount"/>.</summary>
    public required int KvHeadCount { get; init; }

    /// <summary>Elements of a head; even.</summary>
    public required int HeadDim { get; init; }

    /// <summary>The longest context the model was made for, in tokens.</summary>
    public required int MaxPositionEmbeddings { get; init; }

    /// <summary>Added to the mean square in every norm.</summary>
    public float RmsNormEps { get; init; } = 1e-5f;

    /// <summary>Base of the rotary frequencies.</summary>
    public double RopeTheta { get; init; } = 10000;

    /// <summary>How frequencies are stretched; null for not at all.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>Positions that a row sees, itself included; null for all.</summary>
    public int? SlidingWindow { get; init; }

    /// <summary>Layers from this one on use the window (Qwen2's max_window_layers); 0 for all.</summary>
    public int WindowFromLayer { get; init; }

    /// <summary>The head is the embedding table.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>Biases on the query, key and value projections.</summary>
    public bool QkvBias { get; init; }

    /// <summary>A bias on the attention's output projection.</summary>
    public bool AttentionOutputBias { get; init; }

    /// <summary>Biases on the feed-forward's projections.</summary>
    public bool MlpBias { get; init; }

    /// <summary>Norms on every query and key head (Qwen3).</summary>
    public bool QkNorm { get; init; }

    /// <summary>The token that begins a text, where the file names one.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>Tokens that end a text.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    /// <summary>Elements of a row's queries.</summary>
    public int QueryDim => HeadCount * HeadDim;

    /// <summary>Elements of a row's keys, and of its values.</summary>
    public int KvDim => KvHeadCount * HeadDim;

    /// <summary>Weights in the blocks, norms and biases left out.</summary>
    public long BlockWeightCount => LayerCount * (2L * HiddenSize * QueryDim + 2L * HiddenSize * KvDim + 3L * HiddenSize * IntermediateSize);

    /// <summary>Positions that a row sees at <paramref name="layer"/>, itself included; 0 for all.</summary>
    public int WindowOf(int layer) => SlidingWindow is { } window && layer >= WindowFromLayer ? window : 0;
}
