using System.Buffers.Binary;
using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>One safetensors file, memory-mapped: eight bytes of header length, a JSON header, then the data.</summary>
public sealed class SafetensorsFile : IWeightFile
{
    /// <summary>Bytes before the header.</summary>
    internal const int PrefixBytes = 8;

    /// <summary>The format's own limit on headers, in bytes.</summary>
    internal const long MaxHeaderBytes = 100_000_000;

    private readonly MappedFile _file;
    private readonly Dictionary<string, WeightEntry> _entries;

    private SafetensorsFile(MappedFile file)
    {
        _file = file;
        long headerLength = ReadHeaderLength(file);
        using MappedView header = file.View(PrefixBytes, headerLength);
        (_entries, Dictionary<string, string> metadata) = SafetensorsHeader.Read(file.Path, header.Span(0, (int)headerLength), file.Length - PrefixBytes - headerLength);
        Metadata = metadata;
    }

    /// <inheritdoc/>
    public string Path => _file.Path;

    /// <summary>The header's free-form texts.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, WeightEntry> Entries => _entries;

    /// <summary>Maps a file and checks its header in full.</summary>
    /// <exception cref="ModelFormatException">The header is not what the specification says.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SafetensorsFile Open(string path)
    {
        MappedFile file = MappedFile.Open(path);
        try
        {
            return new SafetensorsFile(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

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

    private static long ReadHeaderLength(MappedFile file)
    {
        if (file.Length < PrefixBytes)
            throw new ModelFormatException("The file is too short for safetensors.", file.Path, "header length", 0, $"{file.Length} bytes", $"at least {PrefixBytes}");
        using MappedView prefix = file.View(0, PrefixBytes);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix.Span(0, PrefixBytes));
        long most = Math.Min(MaxHeaderBytes, file.Length - PrefixBytes);
        if (length > (ulong)most)
            throw new ModelFormatException("The header does not fit. The file is cut short, or is no safetensors file.", file.Path, "header length", 0, $"{length} bytes", $"up to {most}");
        return (long)length;
    }
}
