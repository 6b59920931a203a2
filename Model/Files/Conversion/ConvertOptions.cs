using Switchyard.Tensor;

namespace Switchyard.Model.Files.Conversion;

/// <summary>How a model is converted.</summary>
public sealed record ConvertOptions
{
    /// <summary>Q8_0 or Q4_0 to quantise while writing a GGUF file, as <see cref="LoadOptions.Quantize"/> does; null keeps every bit.</summary>
    public DType? Quantize { get; init; }

    /// <summary>Told after every tensor.</summary>
    public IProgress<LoadProgress>? Progress { get; init; }
}
