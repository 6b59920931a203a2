namespace Switchyard.Model.Files;

/// <summary>The named values of a GGUF file, in order. Typed readers accept every width and refuse another kind by name.</summary>
public sealed class GgufMetadata
{
    private readonly Dictionary<string, GgufValue> _values = new(StringComparer.Ordinal);
    private readonly List<string> _keys = [];

    /// <summary>Makes an empty set; <paramref name="file"/> is for messages.</summary>
    public GgufMetadata(string file) => File = file;

    /// <summary>The file, for messages.</summary>
    public string File { get; }

    /// <summary>Names in the order of the file.</summary>
    public IReadOnlyList<string> Keys => _keys;

    /// <summary>The value of <paramref name="key"/>, or null.</summary>
    public GgufValue? this[string key] => _values.GetValueOrDefault(key);

    /// <summary>Adds a value.</summary>
    /// <exception cref="ModelFormatException">The key is there already.</exception>
    public void Add(string key, GgufValue value)
    {
        if (!_values.TryAdd(key, value)) throw new ModelFormatException("The key appears twice.", File, key);
        _keys.Add(key);
    }

    /// <summary>A whole number, or null when absent.</summary>
    public long? Int(string key) => this[key] is not { } value ? null : value.Type switch
    {
        GgufType.UInt8 or GgufType.Int8 or GgufType.UInt16 or GgufType.Int16 or GgufType.UInt32 or GgufType.Int32 or GgufType.Int64 =>
            Convert.ToInt64(value.Value, null),
        GgufType.UInt64 when (ulong)value.Value <= long.MaxValue => (long)(ulong)value.Value,
        _ => throw Fault(key, "A whole number is needed.", value),
    };

    /// <summary>A count that fits 31 bits, or null when absent.</summary>
    public int? Count(string key) => Int(key) is not { } number ? null
        : number is >= 0 and <= int.MaxValue ? (int)number
        : throw new ModelFormatException("The number is out of range.", File, key, null, $"{number}", $"0 … {int.MaxValue}");

    /// <summary>A count that must be there.</summary>
    public int RequiredCount(string key) => Count(key) ?? throw Missing(key);

    /// <summary>A finite number, or null when absent.</summary>
    public double? Number(string key)
    {
        if (this[key] is not { } value) return null;
        if (value.Type is not (GgufType.Float32 or GgufType.Float64)) return Int(key);
        double number = Convert.ToDouble(value.Value, null);
        return double.IsFinite(number) ? number : throw Fault(key, "A finite number is needed.", value);
    }

    /// <summary>True or false, or null when absent.</summary>
    public bool? Bool(string key) => this[key] is not { } value ? null : value.Value as bool? ?? throw Fault(key, "True or false is needed.", value);

    /// <summary>A text, or null when absent.</summary>
    public string? Text(string key) => this[key] is not { } value ? null : value.Type == GgufType.Text ? (string)value.Value : throw Fault(key, "A text is needed.", value);

    /// <summary>A list of texts, or null when absent.</summary>
    public string[]? Texts(string key) => this[key] is not { } value ? null : Elements(value) == GgufType.Text ? (string[])value.Value : throw Fault(key, "A list of texts is needed.", value);

    /// <summary>A list of numbers as float32, or null when absent.</summary>
    public float[]? Floats(string key) => this[key] is not { } value ? null : Elements(value) switch
    {
        GgufType.Float32 => (float[])value.Value,
        GgufType.Float64 => Array.ConvertAll((double[])value.Value, d => (float)d),
        _ => throw Fault(key, "A list of numbers is needed.", value),
    };

    /// <summary>A list of whole numbers that fit 32 bits, or null when absent.</summary>
    public int[]? Ints(string key) => this[key] is not { } value ? null : Elements(value) switch
    {
        GgufType.UInt8 => Array.ConvertAll((byte[])value.Value, v => (int)v),
        GgufType.Int8 => Array.ConvertAll((sbyte[])value.Value, v => (int)v),
        GgufType.UInt16 => Array.ConvertAll((ushort[])value.Value, v => (int)v),
        GgufType.Int16 => Array.ConvertAll((short[])value.Value, v => (int)v),
        GgufType.Int32 => (int[])value.Value,
        GgufType.UInt32 => Array.ConvertAll((uint[])value.Value, v => Fit(key, v)),
        GgufType.Int64 => Array.ConvertAll((long[])value.Value, v => Fit(key, v)),
        GgufType.UInt64 => Array.ConvertAll((ulong[])value.Value, v => Fit(key, v > long.MaxValue ? long.MaxValue : (long)v)),
        _ => throw Fault(key, "A list of whole numbers is needed.", value),
    };

    private static GgufType? Elements(GgufValue value) => value.Type == GgufType.Array ? value.ElementType : null;

    private int Fit(string key, long value) => value is >= int.MinValue and <= int.MaxValue
        ? (int)value
        : throw new ModelFormatException("A number does not fit 32 bits.", File, key, null, $"{value}");

    private ModelFormatException Fault(string key, string problem, GgufValue value) => new(
        problem, File, key, value.Type == GgufType.Array ? value.Offset : null, value.Type == GgufType.Array ? $"{value.Count} of {value.ElementType}" : $"{value.Type} {value.Value}");

    private ModelFormatException Missing(string key) => new("The key is missing.", File, key);
}
