using System.Text;
using Switchyard.Model.Text;
using Switchyard.Tensor;

namespace Switchyard.Model.Files.Conversion;

/// <summary>Converts models between Hugging Face folders and GGUF files, for what both can express.</summary>
/// <remarks>
/// F32, F16 and BF16 tensors keep every bit both ways. What the other format has no word for is refused by name: block formats in a
/// folder, tokenizers that GGUF does not know, frequency divisors that no rope_scaling describes.
/// </remarks>
public static class ModelConverter
{
    /// <summary>Writes a folder's model as a GGUF file.</summary>
    /// <param name="source">The folder.</param>
    /// <param name="path">The file to write; it appears when it is complete.</param>
    /// <param name="options">How; null for every bit kept.</param>
    /// <exception cref="ModelFormatException">The source is damaged, or its tokenizer cannot be expressed.</exception>
    /// <exception cref="NotSupportedException">GGUF cannot express the model.</exception>
    public static void ToGguf(string source, string path, ConvertOptions? options = null)
    {
        options ??= new ConvertOptions();
        using ModelFiles files = ModelFiles.Open(source);
        if (files.Format == ModelFileFormat.Gguf) throw new NotSupportedException($"{files.Path} is a GGUF file already.");
        var load = new LoadOptions { Quantize = options.Quantize };
        var metadata = new GgufMetadata(path);
        DType stored = load.FormatOf(new WeightId(WeightRole.Gate), files.Entry(new WeightId(WeightRole.Gate)));
        GgufModelMetadata.Add(metadata, files.Config, Path.GetFileName(Path.TrimEndingDirectorySeparator(files.Path)), stored);
        AddTokenizer(metadata, files);
        WeightId[] ids = [.. WeightId.All(files.Config)];
        string[] widened = [.. ids.Where(id => IsWidened(files, id)).Select(id => $"{files.Entry(id).DType} {WeightNames.Gguf.NameOf(id)}")];
        if (widened.Length > 0) metadata.Add(GgufKeys.Widened, GgufValue.Of(widened));
        var progress = new ConversionProgress(options.Progress, files.ByteCount);
        IEnumerable<TensorSource> tensors = ids.Select(id => ToGguf(files, id, load, progress));
        if (GgufModelMetadata.Divisors(files.Config) is { } divisors)
            tensors = tensors.Append(TensorSource.FromFloats("rope_freqs.weight", [divisors.Length], divisors));
        GgufWriter.Write(path, metadata, tensors);
    }

    /// <summary>Writes a GGUF file's model as a folder: config.json, model.safetensors and, where the file has one, the tokenizer.</summary>
    /// <param name="source">The file.</param>
    /// <param name="folder">The folder to write into; made if it is not there.</param>
    /// <param name="options">How; only progress applies.</param>
    /// <exception cref="ModelFormatException">The source is damaged, or its tokenizer cannot be expressed.</exception>
    /// <exception cref="NotSupportedException">A folder cannot express the model.</exception>
    public static void ToHuggingFace(string source, string folder, ConvertOptions? options = null)
    {
        options ??= new ConvertOptions();
        if (options.Quantize is not null) throw new NotSupportedException("Folders hold F32, F16 and BF16; quantise while loading, or write a GGUF file.");
        using ModelFiles files = ModelFiles.Open(source);
        if (files.Gguf is not { } gguf) throw new NotSupportedException($"{files.Path} is a Hugging Face folder already.");
        ModelConfig config = files.Config;
        if (config.RopeScaling is RopeScaling.Divided divided)
            config = config with { RopeScaling = Llama3Fit.Find(config, divided.Divisors) ?? throw new NotSupportedException($"{files.Path}: no rope_scaling of config.json gives the divisors in rope_freqs.weight.") };
        Dictionary<string, DType> narrow = ReadWidened(gguf);
        var progress = new ConversionProgress(options.Progress, files.ByteCount);
        TensorSource[] tensors = [.. WeightId.All(config).Select(id => ToHuggingFace(files, id, narrow, progress))];
        Directory.CreateDirectory(folder);
        ConfigFile.Write(Path.Combine(folder, "config.json"), config, tensors.Max(t => t.ByteCount) is var most ? tensors.First(t => t.ByteCount == most).DType : DType.F32);
        if (gguf.Metadata["tokenizer.ggml.model"] is not null) TokenizerFromGguf.Write(gguf, folder);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), tensors, new Dictionary<string, string> { ["format"] = "pt" });
    }

    private static void AddTokenizer(GgufMetadata metadata, ModelFiles files)
    {
        metadata.Add(GgufKeys.EndTokens, GgufValue.Of([.. files.Config.EosTokenIds]));
        if (files.TokenizerPath is not { } path)
        {
            if (files.Config.BosTokenId is { } bos) metadata.Add("tokenizer.ggml.bos_token_id", GgufValue.Of((uint)bos));
            return;
        }
        GgufTokenizerMetadata.Add(metadata, TokenizerToGguf.Convert(path, files.Config));
        metadata.Add(GgufKeys.TokenizerJson, GgufValue.Of(File.ReadAllText(path, Encoding.UTF8)));
        if (files.ChatTemplate is { } template) metadata.Add("tokenizer.chat_template", GgufValue.Of(template));
    }

    /// <summary>Other programs want norms and biases in F32.</summary>
    private static bool IsWidened(ModelFiles files, WeightId id) => id.IsVector && files.Entry(id).DType != DType.F32;

    private static TensorSource ToGguf(ModelFiles files, WeightId id, LoadOptions load, ConversionProgress progress)
    {
        WeightEntry entry = files.Entry(id);
        DType format = id.IsVector ? DType.F32 : load.FormatOf(id, entry);
        string name = WeightNames.Gguf.NameOf(id);
        bool turned = files.Config.Family is ModelFamily.Llama or ModelFamily.Mistral
            && id.Role is WeightRole.Query or WeightRole.Key or WeightRole.QueryBias or WeightRole.KeyBias;
        return new TensorSource(name, format, entry.Shape, () =>
        {
            progress.Report(entry);
            TensorData data = files.Open(id);
            return ConvertedTensorData.To(name, turned ? RotaryLayout.ToNeighbours(data, files.Config.HeadDim) : data, format);
        });
    }

    private static TensorSource ToHuggingFace(ModelFiles files, WeightId id, Dictionary<string, DType> narrow, ConversionProgress progress)
    {
        WeightEntry entry = files.Entry(id);
        if (entry.DType.IsBlockFormat())
            throw new NotSupportedException($"{files.Path}: {entry.Name} is {entry.DType}; folders hold F32, F16 and BF16. Load the GGUF file as it is.");
        DType format = narrow.GetValueOrDefault(entry.Name, entry.DType);
        IReadOnlyList<int> shape = id.IsVector ? [entry.Shape[^1]] : entry.Shape;
        return new TensorSource(WeightNames.HuggingFace.NameOf(id), format, shape, () =>
        {
            progress.Report(entry);
            return ConvertedTensorData.To(entry.Name, files.Open(id), format);
        });
    }

    private static Dictionary<string, DType> ReadWidened(GgufFile file)
    {
        var narrow = new Dictionary<string, DType>(StringComparer.Ordinal);
        foreach (string line in file.Metadata.Texts(GgufKeys.Widened) ?? [])
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            DType? format = space < 0 ? null : line[..space] switch { "F16" => DType.F16, "BF16" => DType.BF16, _ => null };
            if (format is null || !file.Entries.TryGetValue(line[(space + 1)..], out WeightEntry? entry) || entry.DType != DType.F32)
                throw new ModelFormatException("The list of widened vectors does not fit the tensors.", file.Path, GgufKeys.Widened, null, line);
            narrow[entry.Name] = format.Value;
        }
        return narrow;
    }

    private sealed class ConversionProgress(IProgress<LoadProgress>? target, long total)
    {
        private long _done;

        public void Report(WeightEntry entry) => target?.Report(new LoadProgress(_done += entry.ByteCount, total, entry.Name));
    }
}
