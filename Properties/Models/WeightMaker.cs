using Switchyard.Model;
using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary>Draws the weights of a random model, in a fixed order, so that a seed means the same model everywhere.</summary>
internal sealed class WeightMaker(IBackend backend, DType format, int seed)
{
    private readonly CaseRandom _random = new(seed);

    public Weight Matrix(string name, int rows, int cols, float scale) => backend.Upload(name, RandomWeights.Make(_random, format, rows, cols, scale));

    /// <summary>A norm's gain, around 1.</summary>
    public Weight Gain(string name, int size)
    {
        float[] values = _random.Normals(size, 0.2f);
        for (int i = 0; i < size; i++) values[i] += 1;
        return backend.Upload(name, ArrayTensorData.FromFloats(1, size, values));
    }

    public BlockWeights Block(ModelConfig c, int layer)
    {
        string prefix = $"layers.{layer}.";
        return new BlockWeights
        {
            AttentionNorm = Gain(prefix + "attention_norm", c.HiddenSize),
            Query = Projection(prefix + "q", c.QueryDim, c.HiddenSize),
            Key = Projection(prefix + "k", c.KvDim, c.HiddenSize),
            Value = Projection(prefix + "v", c.KvDim, c.HiddenSize),
            Output = Projection(prefix + "o", c.HiddenSize, c.QueryDim),
            FeedForwardNorm = Gain(prefix + "feed_forward_norm", c.HiddenSize),
            Gate = Projection(prefix + "gate", c.IntermediateSize, c.HiddenSize),
            Up = Projection(prefix + "up", c.IntermediateSize, c.HiddenSize),
            Down = Projection(prefix + "down", c.HiddenSize, c.IntermediateSize),
            QueryBias = Bias(c.QkvBias, prefix + "q.bias", c.QueryDim),
            KeyBias = Bias(c.QkvBias, prefix + "k.bias", c.KvDim),
            ValueBias = Bias(c.QkvBias, prefix + "v.bias", c.KvDim),
            OutputBias = Bias(c.AttentionOutputBias, prefix + "o.bias", c.HiddenSize),
            GateBias = Bias(c.MlpBias, prefix + "gate.bias", c.IntermediateSize),
            UpBias = Bias(c.MlpBias, prefix + "up.bias", c.IntermediateSize),
            DownBias = Bias(c.MlpBias, prefix + "down.bias", c.HiddenSize),
            QueryNorm = c.QkNorm ? Gain(prefix + "q_norm", c.HeadDim) : null,
            KeyNorm = c.QkNorm ? Gain(prefix + "k_norm", c.HeadDim) : null,
        };
    }

    /// <summary>Twice the usual scale, so that attention is sharp and layers matter more than the embedding.</summary>
    private Weight Projection(string name, int rows, int cols) => Matrix(name, rows, cols, 2 / MathF.Sqrt(cols));

    private Weight? Bias(bool there, string name, int size) =>
        there ? backend.Upload(name, ArrayTensorData.FromFloats(1, size, _random.Normals(size, 0.3f))) : null;
}
