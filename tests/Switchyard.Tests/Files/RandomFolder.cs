using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Tensor;

namespace Switchyard.Tests.Files;

/// <summary>Hugging Face folders with random bits for weights, each tensor in a plain type of its own.</summary>
internal static class RandomFolder
{
    public static void Write(string folder, ModelConfig config, int seed)
    {
        Directory.CreateDirectory(folder);
        var random = new Random(seed);
        var tensors = new List<TensorSource>();
        foreach (WeightId id in WeightId.All(config))
        {
            (int rows, int cols) = id.Shape(config);
            DType dtype = (DType)random.Next(3);
            byte[] bytes = new byte[rows * dtype.RowBytes(cols)];
            random.NextBytes(bytes);
            MakeFinite(dtype, bytes);
            tensors.Add(new TensorSource(WeightNames.HuggingFace.NameOf(id), dtype, id.IsVector ? [cols] : [rows, cols], () => new ArrayTensorData(dtype, rows, cols, bytes)));
        }
        ConfigFile.Write(Path.Combine(folder, "config.json"), config);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), tensors.OrderBy(_ => random.Next()));
    }

    /// <summary>Clears the exponent's top bit where all its bits are set.</summary>
    private static void MakeFinite(DType dtype, byte[] bytes)
    {
        int size = dtype.BlockBytes();
        for (int at = 0; at < bytes.Length; at += size)
            if (!FiniteRows.IsFinite(dtype, bytes.AsSpan(at, size))) bytes[at + size - 1] &= 0xBF;
    }
}
