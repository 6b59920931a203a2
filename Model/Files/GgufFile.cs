using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>One GGUF file of version 2 or 3, memory-mapped: metadata, tensor descriptions, then the data.</summary>
public sealed class GgufFile : IWeightFile
{
    private readonly MappedFile _file;
    private readonly Dictionary<string, WeightEntry> _entries;

    private GgufFile(MappedFile file)
    {
        _file = file;
        (Version, Metadata, _entries) = GgufReader.Read(file);
        if (Metadata.Int("split.count") is > 1 and var parts)
            throw new ModelFormatException("The model is split over several files. Join them with gguf-split first.", file.Path, "split.count", null, $"{parts}", "1");
    }

    /// <inheritdoc/>
    public string Path => _file.Path;

    /// <summary>The format's version.</summary>
    public uint Version { get; }

    /// <summary>Everything that is not a tensor. Arrays can be asked for until this file is disposed.</summary>
    public GgufMetadata Metadata { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, WeightEntry> Entries => _entries;

    /// <summary>Maps a file and checks its header in full.</summary>
    /// <exception cref="ModelFormatException">The header is not what the specification says.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static GgufFile Open(string path)
    {
        MappedFile file = MappedFile.Open(path);
        try
        {
            return new GgufFile(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The model's shape, from metadata and tensors.</summary>
    /// <exception cref="ModelFormatException">The model is not supported, or a key is missing or makes no sense.</exception>
    public ModelConfig ToModelConfig() => GgufConfig.Read(this);

    /// <inheritdoc/>
    public TensorData Open(WeightEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (!_entries.TryGetValue(entry.Name, out WeightEntry? own) || !ReferenceEquals(own, entry))
            throw new ArgumentException($"{entry.Name} is not an entry of {Path}.", nameof(entry));
        return MappedTensorData.Map(_file, entry);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
