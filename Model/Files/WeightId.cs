namespace Switchyard.Model.Files;

/// <summary>One tensor of a model by what it is for.</summary>
/// <param name="Role">What it is for.</param>
/// <param name="Layer">Its block; 0 for tensors that belong to none.</param>
public readonly record struct WeightId(WeightRole Role, int Layer = 0)
{
    /// <summary>True for embedding, final norm and head.</summary>
    public bool IsGlobal => Role <= WeightRole.Head;

    /// <summary>True for matrices inside a block.</summary>
    public bool IsProjection => Role is WeightRole.Query or WeightRole.Key or WeightRole.Value or WeightRole.Output or WeightRole.Gate or WeightRole.Up or WeightRole.Down;

    /// <summary>True for the token table and the head.</summary>
    public bool IsTable => Role is WeightRole.Embedding or WeightRole.Head;

    /// <summary>True for norms' gains and biases.</summary>
    public bool IsVector => !IsProjection && !IsTable;

    /// <summary>Every tensor that a model of this shape has.</summary>
    public static IEnumerable<WeightId> All(ModelConfig config)
    {
        yield return new WeightId(WeightRole.Embedding);
        for (int layer = 0; layer < config.LayerCount; layer++)
            foreach (WeightRole role in Enum.GetValues<WeightRole>())
                if (role > WeightRole.Head && IsPresent(config, role)) yield return new WeightId(role, layer);
        yield return new WeightId(WeightRole.FinalNorm);
        if (!config.TieWordEmbeddings) yield return new WeightId(WeightRole.Head);
    }

    /// <summary>Rows and columns; vectors are one row.</summary>
    public (int Rows, int Cols) Shape(ModelConfig c) => Role switch
    {
        WeightRole.Embedding or WeightRole.Head => (c.VocabSize, c.HiddenSize),
        WeightRole.Query => (c.QueryDim, c.HiddenSize),
        WeightRole.Key or WeightRole.Value => (c.KvDim, c.HiddenSize),
        WeightRole.Output => (c.HiddenSize, c.QueryDim),
        WeightRole.Gate or WeightRole.Up => (c.IntermediateSize, c.HiddenSize),
        WeightRole.Down => (c.HiddenSize, c.IntermediateSize),
        WeightRole.QueryBias => (1, c.QueryDim),
        WeightRole.KeyBias or WeightRole.ValueBias => (1, c.KvDim),
        WeightRole.GateBias or WeightRole.UpBias => (1, c.IntermediateSize),
        WeightRole.QueryNorm or WeightRole.KeyNorm => (1, c.HeadDim),
        _ => (1, c.HiddenSize),
    };

    private static bool IsPresent(ModelConfig config, WeightRole role) => role switch
    {
        WeightRole.QueryBias or WeightRole.KeyBias or WeightRole.ValueBias => config.QkvBias,
        WeightRole.OutputBias => config.AttentionOutputBias,
        WeightRole.GateBias or WeightRole.UpBias or WeightRole.DownBias => config.MlpBias,
        WeightRole.QueryNorm or WeightRole.KeyNorm => config.QkNorm,
        _ => true,
    };
}
