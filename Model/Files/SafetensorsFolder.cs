using System.Text.Json;
using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>Several safetensors files that an index (model.safetensors.index.json) joins into one.</summary>
public sealed class SafetensorsFolder : IWeightFile
{
    private const string WeightMap = "weight_map";
    private readonly Dictionary<string, SafetensorsFile> _shards = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WeightEntry> _entries = new(StringComparer.Ordinal);

    private SafetensorsFolder(string indexPath) => Path = indexPath;

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, WeightEntry> Entries => _entries;

    /// <summary>Opens every shard that an index names and checks that index and shards agree.</summary>
    /// <exception cref="ModelFormatException">The index or a shard is not as it should be.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static SafetensorsFolder Open(string indexPath)
    {
        var folder = new SafetensorsFolder(indexPath);
        try
        {
            folder.ReadIndex();
            folder.CheckNothingElse();
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public TensorData Open(WeightEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return _shards.TryGetValue(System.IO.Path.GetFileName(entry.File), out SafetensorsFile? shard)
            ? shard.Open(entry)
            : throw new ArgumentException($"{entry.Name} is not an entry of {Path}.", nameof(entry));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SafetensorsFile shard in _shards.Values) shard.Dispose();
    }

    private void ReadIndex()
    {
        using JsonDocument document = JsonFile.Read(Path, maxDepth: 8);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty(WeightMap, out JsonElement map) || map.ValueKind != JsonValueKind.Object)
            throw new ModelFormatException("The index has no weight map.", Path, WeightMap);
        foreach (JsonProperty pair in map.EnumerateObject())
        {
            string tensor = JsonFile.Name(pair, Path);
            string? name = pair.Value.ValueKind == JsonValueKind.String ? JsonFile.Text(pair.Value, Path, tensor) : null;
            SafetensorsFile shard = Shard(name, tensor);
            if (!shard.Entries.TryGetValue(tensor, out WeightEntry? entry))
                throw new ModelFormatException("The shard lacks a tensor that the index says it has.", shard.Path, tensor);
            _entries.Add(tensor, entry);
        }
    }

    private SafetensorsFile Shard(string? name, string tensor)
    {
        // A name with a path in it could reach outside the folder.
        if (name is null || name.Length is 0 or > 255 || name.AsSpan().ContainsAny("/\\:\0") || name is "." or "..")
            throw new ModelFormatException("The shard's name is not a plain file name.", Path, tensor, null, name ?? "no text");
        if (_shards.TryGetValue(name, out SafetensorsFile? shard)) return shard;
        string path = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path) ?? "", name);
        if (!File.Exists(path)) throw new ModelFormatException("A shard is missing from the folder. Download it again.", Path, tensor, null, name);
        return _shards[name] = SafetensorsFile.Open(path);
    }

    private void CheckNothingElse()
    {
        foreach (SafetensorsFile shard in _shards.Values)
            foreach (string name in shard.Entries.Keys)
                if (!_entries.TryGetValue(name, out WeightEntry? entry) || entry.File != shard.Path)
                    throw new ModelFormatException("The shard holds a tensor that the index does not place there.", shard.Path, name);
    }
}
