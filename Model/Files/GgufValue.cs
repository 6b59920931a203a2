namespace Switchyard.Model.Files;

/// <summary>One metadata value. Arrays of a file are decoded when asked for; nothing is kept of them.</summary>
public sealed class GgufValue
{
    private readonly object? _value;
    private readonly Func<GgufValue, Array>? _load;

    private GgufValue(GgufType type, object value) => (Type, _value) = (type, value);

    internal GgufValue(GgufType elementType, long count, long offset, Func<GgufValue, Array> load) =>
        (Type, ElementType, Count, Offset, _load) = (GgufType.Array, elementType, count, offset, load);

    /// <summary>The kind of value.</summary>
    public GgufType Type { get; }

    /// <summary>What an array holds.</summary>
    public GgufType ElementType { get; }

    /// <summary>Elements of an array; 0 for single values.</summary>
    public long Count { get; }

    /// <summary>Where an array's elements begin, in bytes from the file's start.</summary>
    internal long Offset { get; }

    /// <summary>The value boxed: byte … ulong, float, double, bool, string; an array of such for arrays.</summary>
    public object Value => _load is null ? _value! : _load(this);

    /// <summary>A 32-bit count.</summary>
    public static GgufValue Of(uint value) => new(GgufType.UInt32, value);

    /// <summary>A 32-bit number.</summary>
    public static GgufValue Of(float value) => new(GgufType.Float32, value);

    /// <summary>True or false.</summary>
    public static GgufValue Of(bool value) => new(GgufType.Bool, value);

    /// <summary>A text.</summary>
    public static GgufValue Of(string value) => new(GgufType.Text, value);

    /// <summary>A list of texts.</summary>
    public static GgufValue Of(string[] value) => ForArray(GgufType.Text, value);

    /// <summary>A list of 32-bit integers.</summary>
    public static GgufValue Of(int[] value) => ForArray(GgufType.Int32, value);

    /// <summary>A list of 32-bit numbers.</summary>
    public static GgufValue Of(float[] value) => ForArray(GgufType.Float32, value);

    internal static GgufValue Scalar(GgufType type, object value) => new(type, value);

    private static GgufValue ForArray(GgufType elementType, Array value) => new(elementType, value.Length, 0, _ => value);
}
