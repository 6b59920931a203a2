using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>A model file on disk, or several that belong together: names, shapes and bytes, mapped and never copied.</summary>
/// <remarks>Thread-safe. The descriptions are checked when the file is opened: every range lies in the file and none overlap.</remarks>
public interface IWeightFile : IDisposable
{
    /// <summary>The file or folder, for messages.</summary>
    string Path { get; }

    /// <summary>Tensor name as stored → where and what it is.</summary>
    IReadOnlyDictionary<string, WeightEntry> Entries { get; }

    /// <summary>
    /// Maps the bytes of a tensor of one or two dimensions; one dimension reads as a single row. The caller owns the result, which
    /// unmaps when disposed and stays valid when this file is disposed first.
    /// </summary>
    /// <exception cref="ModelFormatException">The tensor has another number of dimensions, or none of its dimensions is positive.</exception>
    TensorData Open(WeightEntry entry);
}
