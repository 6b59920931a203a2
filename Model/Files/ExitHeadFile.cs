using System.Globalization;
using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>
/// Exit heads of a model in a safetensors file beside it: for a depth d, <c>exits.d.norm.weight</c> [HiddenSize] and, unless the
/// exit uses the model's own projection, <c>exits.d.head.weight</c> [VocabSize, HiddenSize].
/// </summary>
/// <remarks>Owns the weights it loaded. Projections of the model stay the model's.</remarks>
public sealed class ExitHeadFile : IDisposable
{
    private readonly List<Weight> _owned = [];

    private ExitHeadFile(string path) => Path = path;

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The exits, shallowest first.</summary>
    public IReadOnlyList<ExitHead> Heads { get; private set; } = [];

    /// <summary>The name of an exit's norm.</summary>
    public static string NormName(int depth) => FormattableString.Invariant($"exits.{depth}.norm.weight");

    /// <summary>The name of an exit's projection.</summary>
    public static string ProjectionName(int depth) => FormattableString.Invariant($"exits.{depth}.head.weight");

    /// <summary>Reads the exits of a file onto the backend of <paramref name="model"/>.</summary>
    /// <exception cref="ModelFormatException">The file is damaged, has tensors that are no exits, or was made for a model of another shape.</exception>
    public static ExitHeadFile Load(string path, TransformerModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        var loaded = new ExitHeadFile(path);
        try
        {
            var depths = new SortedSet<int>();
            foreach (WeightEntry entry in file.Entries.Values) depths.Add(DepthOf(entry, model.Config));
            var heads = new List<ExitHead>(depths.Count);
            foreach (int depth in depths)
            {
                if (!file.Entries.TryGetValue(NormName(depth), out WeightEntry? norm))
                    throw new ModelFormatException("An exit has a projection and no norm.", path, ProjectionName(depth));
                Weight gain = loaded.Upload(file, norm, model, DType.F32, model.Config.HiddenSize);
                Weight projection = file.Entries.TryGetValue(ProjectionName(depth), out WeightEntry? own)
                    ? loaded.Upload(file, own, model, own.DType, model.Config.VocabSize, model.Config.HiddenSize)
                    : model.FinalExit.Projection;
                heads.Add(new ExitHead(depth, gain, projection));
            }
            loaded.Heads = heads;
            return loaded;
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>Frees the weights that the file held.</summary>
    public void Dispose()
    {
        foreach (Weight weight in _owned) weight.Dispose();
        _owned.Clear();
    }

    private Weight Upload(SafetensorsFile file, WeightEntry entry, TransformerModel model, DType format, params ReadOnlySpan<int> shape)
    {
        bool fits = entry.Shape.Count == shape.Length;
        for (int i = 0; fits && i < shape.Length; i++) fits = entry.Shape[i] == shape[i];
        if (!fits)
            throw new ModelFormatException("The exit was made for a model of another shape.", entry.File, entry.Name, entry.Offset, entry.ShapeText, $"[{string.Join(", ", shape.ToArray())}]");
        TensorData data = ConvertedTensorData.To(entry.Name, new CheckedTensorData(file.Open(entry), entry), format);
        Weight weight = model.Backend.Upload(entry.Name, data);
        _owned.Add(weight);
        return weight;
    }

    private static int DepthOf(WeightEntry entry, ModelConfig config)
    {
        string[] parts = entry.Name.Split('.');
        if (parts is ["exits", { Length: <= 4 } number, "norm" or "head", "weight"]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int depth) && depth >= 1 && depth < config.LayerCount
            && (entry.Name == NormName(depth) || entry.Name == ProjectionName(depth))) return depth;
        throw new ModelFormatException(
            "The tensor is no exit of this model.", entry.File, entry.Name, entry.Offset,
            supported: FormattableString.Invariant($"exits.D.norm.weight and exits.D.head.weight with D from 1 to {config.LayerCount - 1}"));
    }
}
