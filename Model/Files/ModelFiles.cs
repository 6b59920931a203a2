using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>A model on disk, whatever its format: its shape, its text side, and its tensors by what they are for.</summary>
/// <remarks>Opening checks that every tensor that the shape needs is there, in the right shape, and that there are no others.</remarks>
public sealed class ModelFiles : IDisposable
{
    private readonly Dictionary<WeightId, WeightEntry> _entries;
    private readonly bool _neighbours;

    private ModelFiles(string path, ModelFileFormat format, IWeightFile weights, ModelConfig config)
    {
        (Path, Format, Weights, Config) = (path, format, weights, config);
        Gguf = weights as GgufFile;
        _neighbours = Gguf?.Metadata.Text("general.architecture") == "llama";
        _entries = WeightTable.Build(weights, format == ModelFileFormat.Gguf ? WeightNames.Gguf : WeightNames.HuggingFace, config);
        InFileOrder = [.. _entries.OrderBy(e => e.Value.File, StringComparer.Ordinal).ThenBy(e => e.Value.Offset).Select(e => e.Key)];
    }

    /// <summary>The folder or file.</summary>
    public string Path { get; }

    /// <summary>How the model is stored.</summary>
    public ModelFileFormat Format { get; }

    /// <summary>The tensors as stored.</summary>
    public IWeightFile Weights { get; }

    /// <summary>The GGUF file with its metadata and tokenizer, or null.</summary>
    public GgufFile? Gguf { get; }

    /// <summary>The model's shape.</summary>
    public ModelConfig Config { get; }

    /// <summary>Where the tokenizer is: the folder's tokenizer.json when there is one, or the GGUF file; else null.</summary>
    public string? TokenizerPath { get; private init; }

    /// <summary>The chat template, in Jinja, where the model has one.</summary>
    public string? ChatTemplate { get; private init; }

    /// <summary>Every tensor in the order in which its bytes lie on disk, so that reading is sequential.</summary>
    public IReadOnlyList<WeightId> InFileOrder { get; }

    /// <summary>Bytes of the tensors as stored.</summary>
    public long ByteCount => _entries.Values.Sum(e => e.ByteCount);

    /// <summary>Opens a folder with config.json and safetensors, one of the files in it, or a GGUF file.</summary>
    /// <exception cref="ModelFormatException">The model is damaged or not supported; the message says what was found and what is supported.</exception>
    /// <exception cref="FileNotFoundException">There is no model there.</exception>
    public static ModelFiles Open(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        path = System.IO.Path.GetFullPath(path);
        if (Directory.Exists(path)) return OpenFolder(path, FindWeights(path));
        if (!File.Exists(path)) throw new FileNotFoundException($"There is no model at {path}. Give a folder with config.json and safetensors, or a .gguf file.", path);
        string folder = System.IO.Path.GetDirectoryName(path)!;
        if (path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)) return OpenFolder(folder, path);
        if (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase)) return OpenFolder(folder, FindWeights(folder));
        return OpenGguf(path);
    }

    /// <summary>Where and how a tensor is stored.</summary>
    /// <exception cref="KeyNotFoundException">The model has no such tensor.</exception>
    public WeightEntry Entry(WeightId id) => _entries[id];

    /// <summary>
    /// Maps a tensor, rows in the half-split order of rotations. Reading a row that is not finite throws
    /// <see cref="ModelFormatException"/>. The caller owns it.
    /// </summary>
    /// <exception cref="KeyNotFoundException">The model has no such tensor.</exception>
    public TensorData Open(WeightId id)
    {
        WeightEntry entry = _entries[id];
        TensorData data = new CheckedTensorData(Weights.Open(entry), entry);
        bool turned = id.Role is WeightRole.Query or WeightRole.Key or WeightRole.QueryBias or WeightRole.KeyBias;
        return _neighbours && turned ? RotaryLayout.ToHalves(data, Config.HeadDim) : data;
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();

    private static ModelFiles OpenFolder(string folder, string weightsPath)
    {
        string configPath = System.IO.Path.Combine(folder, "config.json");
        if (!File.Exists(configPath)) throw new FileNotFoundException($"{folder} has no config.json, so the model's shape is unknown.", configPath);
        ModelConfig config = ConfigFile.Read(configPath);
        string tokenizer = System.IO.Path.Combine(folder, "tokenizer.json");
        string? template = ChatTemplateFile.Read(folder);
        IWeightFile weights = weightsPath.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? SafetensorsFolder.Open(weightsPath) : SafetensorsFile.Open(weightsPath);
        return Join(weights, () => new ModelFiles(folder, ModelFileFormat.HuggingFace, weights, config)
        {
            TokenizerPath = File.Exists(tokenizer) ? tokenizer : null,
            ChatTemplate = template,
        });
    }

    private static ModelFiles OpenGguf(string path)
    {
        GgufFile file = GgufFile.Open(path);
        return Join(file, () => new ModelFiles(path, ModelFileFormat.Gguf, file, file.ToModelConfig())
        {
            TokenizerPath = file.Metadata["tokenizer.ggml.model"] is null ? null : path,
            ChatTemplate = file.Metadata.Text("tokenizer.chat_template"),
        });
    }

    private static ModelFiles Join(IWeightFile weights, Func<ModelFiles> make)
    {
        try
        {
            return make();
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    private static string FindWeights(string folder)
    {
        foreach (string name in new[] { "model.safetensors.index.json", "model.safetensors" })
        {
            string path = System.IO.Path.Combine(folder, name);
            if (File.Exists(path)) return path;
        }
        string[] others = Directory.GetFiles(folder, "*.gguf");
        string hint = others.Length > 0 ? $" Name the GGUF file itself, such as {System.IO.Path.GetFileName(others[0])}."
            : Directory.GetFiles(folder, "*.bin").Length > 0 ? " Weights in PyTorch's own format are not read; convert them to safetensors." : "";
        throw new FileNotFoundException($"{folder} has neither model.safetensors nor model.safetensors.index.json.{hint}", System.IO.Path.Combine(folder, "model.safetensors"));
    }
}
