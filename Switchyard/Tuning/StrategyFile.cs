using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Switchyard.Model;
using Switchyard.Model.Files;

namespace Switchyard.Tuning;

/// <summary>A tuned strategy as a file: its spelling, what it was measured on, and the measurements.</summary>
public sealed record StrategyFile
{
    private const int CurrentFormat = 1;
    private const long LargestFile = 1 << 20; // bytes

    /// <summary>The version of this form.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>The strategy, as it is spelt.</summary>
    public string Strategy { get; init; } = "";

    /// <summary>The model that it was measured on, as it was named.</summary>
    public string Model { get; init; } = "";

    /// <summary>That model's shape; the strategy is refused for another.</summary>
    public string Shape { get; init; } = "";

    /// <summary>What it was measured on: the form of the kernels and the threads.</summary>
    public string Machine { get; init; } = "";

    /// <summary>Every candidate, the fastest first.</summary>
    public IReadOnlyList<TunedCandidate> Measurements { get; init; } = [];

    /// <summary>The strategy.</summary>
    [JsonIgnore]
    public StrategySpec Spec => StrategySpec.Parse(Strategy);

    /// <summary>The file of a report.</summary>
    public static StrategyFile Of(TuneReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new StrategyFile { Strategy = report.Strategy, Model = report.Model, Shape = report.Shape, Machine = report.Machine, Measurements = report.Candidates };
    }

    /// <summary>The part of a model's shape that a strategy's numbers depend on.</summary>
    public static string ShapeOf(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return FormattableString.Invariant(
            $"{config.Family}, {config.LayerCount} layers, {config.HiddenSize} wide, {config.IntermediateSize} inside, {config.HeadCount} and {config.KvHeadCount} heads of {config.HeadDim}, vocabulary {config.VocabSize}");
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="StrategySpecException">It is no strategy file, or its strategy cannot be read.</exception>
    public static StrategyFile Load(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var file = new FileInfo(path);
        if (!file.Exists) throw new FileNotFoundException($"There is no strategy file '{path}'. Make one with: switchyard tune MODEL --output {path}.", path);
        if (file.Length > LargestFile) throw Bad(path, $"it has {file.Length} bytes; strategy files have at most {LargestFile}", null);
        try
        {
            StrategyFile? read = JsonSerializer.Deserialize(File.ReadAllBytes(path), StrategyFileJson.Default.StrategyFile);
            if (read is null || string.IsNullOrWhiteSpace(read.Strategy)) throw Bad(path, "it names no \"strategy\"", null);
            if (read.Format != CurrentFormat) throw Bad(path, $"its format is {read.Format}; this version reads {CurrentFormat}", null);
            _ = read.Spec;
            return read;
        }
        catch (JsonException e)
        {
            throw Bad(path, e.Message, e);
        }
    }

    /// <summary>Checks that a model is of the shape that was measured, without loading it.</summary>
    /// <param name="model">A folder, a .gguf file, or the name of an embedded model.</param>
    /// <exception cref="StrategySpecException">It is not; says both shapes.</exception>
    public void ThrowUnlessMadeFor(string model)
    {
        using ModelFiles files = ModelFiles.Open(ModelPath.Resolve(model));
        string shape = ShapeOf(files.Config);
        if (shape != Shape)
            throw new StrategySpecException($"The strategy file was made for {Model} ({Shape}); {model} is {shape}. Run switchyard tune {model}, or name a strategy.");
    }

    /// <summary>Writes the file, beside the old one first, so that no reader sees half of it.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string temporary = $"{path}.{Environment.ProcessId}";
        File.WriteAllText(temporary, JsonSerializer.Serialize(this, StrategyFileJson.Readable.StrategyFile) + "\n");
        File.Move(temporary, path, overwrite: true);
    }

    private static StrategySpecException Bad(string path, string why, Exception? inner) =>
        new($"'{path}' is not a strategy file: {why}. Make one with: switchyard tune MODEL --output {path}.", inner);
}

/// <summary>The JSON of strategy files.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(StrategyFile))]
internal sealed partial class StrategyFileJson : JsonSerializerContext
{
    /// <summary>With paths as they are typed.</summary>
    public static StrategyFileJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
