using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>What a model will take in memory, before it is loaded.</summary>
/// <param name="WeightBytes">Weights as they will lie in memory.</param>
/// <param name="CacheBytes">Keys and values of every sequence at full context.</param>
/// <param name="ScratchBytes">Activations, logits and rotation tables.</param>
/// <param name="ContextLength">Tokens a sequence may have.</param>
/// <param name="FreeBytes">What the machine has free for this process now.</param>
/// <param name="LargestContextLength">The longest context that fits beside the weights, up to what the model was made for; 0 if none does.</param>
public sealed record MemoryEstimate(long WeightBytes, long CacheBytes, long ScratchBytes, int ContextLength, long FreeBytes, int LargestContextLength)
{
    /// <summary>Everything together.</summary>
    public long TotalBytes => WeightBytes + CacheBytes + ScratchBytes;

    /// <summary>Whether everything fits into what is free.</summary>
    public bool Fits => TotalBytes <= FreeBytes;

    /// <summary>Estimates a model on disk.</summary>
    /// <param name="files">The model.</param>
    /// <param name="options">How it will be loaded.</param>
    /// <param name="load">What will run on it; null for one sequence.</param>
    public static MemoryEstimate Of(ModelFiles files, LoadOptions options, MemoryLoad? load = null)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(options);
        load ??= new MemoryLoad();
        ModelConfig config = files.Config;
        int contextLength = options.ContextLengthFor(config);
        long free = load.FreeBytes ?? FreeMemory.Bytes(), weights = WeightBytesOf(files, options, load);
        int low = 0, high = config.MaxPositionEmbeddings;
        while (low < high) // the need grows with the context, so the largest that fits can be bisected
        {
            int middle = high - (high - low) / 2;
            if (weights + CacheBytesOf(config, middle, load) + ScratchBytesOf(config, middle, load) <= free) low = middle;
            else high = middle - 1;
        }
        return new MemoryEstimate(weights, CacheBytesOf(config, contextLength, load), ScratchBytesOf(config, contextLength, load), contextLength, free, low);
    }

    private static long WeightBytesOf(ModelFiles files, LoadOptions options, MemoryLoad load)
    {
        long sum = 0;
        foreach (WeightId id in files.InFileOrder)
        {
            (int rows, int cols) = id.Shape(files.Config);
            DType format = options.FormatOf(id, files.Entry(id));
            sum += load.BackendBytes?.Invoke(format, rows, cols) ?? rows * format.RowBytes(cols);
        }
        return sum;
    }

    private static long CacheBytesOf(ModelConfig config, int contextLength, MemoryLoad load)
    {
        int pages = (contextLength + KvShape.PageSize - 1) / KvShape.PageSize;
        return load.Sequences * pages * new KvShape(config.LayerCount, pages, config.KvHeadCount, config.HeadDim, load.CacheType).PageBytes;
    }

    private static long ScratchBytesOf(ModelConfig config, int contextLength, MemoryLoad load)
    {
        long row = 2L * (config.HiddenSize + config.QueryDim + config.KvDim + config.IntermediateSize);
        long logits = (long)TransformerModel.ReadoutChunk * (config.VocabSize + config.HiddenSize);
        long rotations = (long)contextLength * config.HeadDim;
        return sizeof(float) * (load.BatchRows * row + logits + rotations);
    }
}
