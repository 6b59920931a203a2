using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>A path and a backend in, a model out.</summary>
public static class ModelLoader
{
    /// <summary>Opens a model on disk and loads it.</summary>
    /// <exception cref="ModelFormatException">The model is damaged or not supported.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; everything taken has been given back.</exception>
    public static TransformerModel Load(string path, IBackend backend, LoadOptions? options = null, CancellationToken cancellation = default)
    {
        using ModelFiles files = ModelFiles.Open(path);
        return Load(files, backend, options, cancellation);
    }

    /// <summary>
    /// Reads every tensor in the order in which it lies on disk, one at a time; each mapping ends as soon as the backend has
    /// repacked it. <paramref name="files"/> stays open and is no longer needed.
    /// </summary>
    /// <exception cref="ModelFormatException">A tensor is damaged.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; everything taken has been given back.</exception>
    public static TransformerModel Load(ModelFiles files, IBackend backend, LoadOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(backend);
        options ??= new LoadOptions();
        int contextLength = options.ContextLengthFor(files.Config);
        var weights = new Dictionary<WeightId, Weight>(files.InFileOrder.Count);
        try
        {
            long done = 0, total = files.ByteCount;
            foreach (WeightId id in files.InFileOrder)
            {
                cancellation.ThrowIfCancellationRequested();
                WeightEntry entry = files.Entry(id);
                DType format = options.FormatOf(id, entry);
                weights.Add(id, backend.Upload(entry.Name, ConvertedTensorData.To(entry.Name, files.Open(id), format)));
                options.Progress?.Report(new LoadProgress(done += entry.ByteCount, total, entry.Name));
            }
            return new TransformerModel(backend, files.Config, Assemble(files.Config, weights), contextLength);
        }
        catch
        {
            foreach (Weight weight in weights.Values) weight.Dispose();
            throw;
        }
    }

    private static TransformerWeights Assemble(ModelConfig config, Dictionary<WeightId, Weight> weights)
    {
        var blocks = new BlockWeights[config.LayerCount];
        for (int layer = 0; layer < blocks.Length; layer++)
        {
            int own = layer;
            Weight Get(WeightRole role) => weights[new WeightId(role, own)];
            Weight? Find(WeightRole role) => weights.GetValueOrDefault(new WeightId(role, own));
            blocks[layer] = new BlockWeights
            {
                AttentionNorm = Get(WeightRole.AttentionNorm),
                Query = Get(WeightRole.Query),
                Key = Get(WeightRole.Key),
                Value = Get(WeightRole.Value),
                Output = Get(WeightRole.Output),
                FeedForwardNorm = Get(WeightRole.FeedForwardNorm),
                Gate = Get(WeightRole.Gate),
                Up = Get(WeightRole.Up),
                Down = Get(WeightRole.Down),
                QueryBias = Find(WeightRole.QueryBias),
                KeyBias = Find(WeightRole.KeyBias),
                ValueBias = Find(WeightRole.ValueBias),
                OutputBias = Find(WeightRole.OutputBias),
                GateBias = Find(WeightRole.GateBias),
                UpBias = Find(WeightRole.UpBias),
                DownBias = Find(WeightRole.DownBias),
                QueryNorm = Find(WeightRole.QueryNorm),
                KeyNorm = Find(WeightRole.KeyNorm),
            };
        }
        Weight embedding = weights[new WeightId(WeightRole.Embedding)];
        return new TransformerWeights(embedding, blocks, weights[new WeightId(WeightRole.FinalNorm)], weights.GetValueOrDefault(new WeightId(WeightRole.Head), embedding));
    }
}
