using System.Text.Json;
using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>
/// The strict reader of a safetensors header: every tensor's range in the data section, without overlap and without holes, as the
/// format's specification demands.
/// </summary>
internal ref struct SafetensorsHeader
{
    private const int MaxDimensions = 8;
    private readonly string _file;
    private readonly long _dataStart, _dataLength;
    private readonly Dictionary<string, WeightEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private Utf8JsonReader _json;

    private SafetensorsHeader(string file, ReadOnlySpan<byte> json, long dataLength)
    {
        (_file, _dataStart, _dataLength) = (file, SafetensorsFile.PrefixBytes + json.Length, dataLength);
        _json = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4, CommentHandling = JsonCommentHandling.Disallow });
    }

    /// <summary>Reads and checks everything; memory is linear in the header.</summary>
    public static (Dictionary<string, WeightEntry> Entries, Dictionary<string, string> Metadata) Read(string file, ReadOnlySpan<byte> json, long dataLength)
    {
        var header = new SafetensorsHeader(file, json, dataLength);
        try
        {
            header.ReadAll();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException("The header is not the JSON it should be.", file, null, SafetensorsFile.PrefixBytes + header._json.TokenStartIndex, e.Message, cause: e);
        }
        return (header._entries, header._metadata);
    }

    private void ReadAll()
    {
        Next(JsonTokenType.StartObject, "header");
        while (NextProperty(out string name))
        {
            if (name == "__metadata__") ReadMetadata();
            else ReadTensor(name);
        }
        if (_json.Read()) throw Fault("header", "Something follows the header's object.", _json.TokenType.ToString());
        CheckCover();
    }

    private void ReadMetadata()
    {
        Next(JsonTokenType.StartObject, "__metadata__");
        while (NextProperty(out string key))
        {
            Next(JsonTokenType.String, "__metadata__");
            if (!_metadata.TryAdd(key, _json.GetString()!)) throw Fault("__metadata__", "A key appears twice.", key);
        }
    }

    private void ReadTensor(string name)
    {
        Next(JsonTokenType.StartObject, name);
        (string? dtype, List<int>? shape, List<long>? offsets) = (null, null, null);
        while (NextProperty(out string field))
        {
            bool twice = false;
            switch (field)
            {
                case "dtype":
                    twice = dtype is not null;
                    Next(JsonTokenType.String, name);
                    dtype = _json.GetString();
                    break;
                case "shape":
                    twice = shape is not null;
                    shape = ReadShape(name);
                    break;
                case "data_offsets":
                    twice = offsets is not null;
                    offsets = ReadIntegers(name, 2);
                    break;
                default: throw Fault(name, "The tensor has an unknown field.", field, "dtype, shape, data_offsets");
            }
            if (twice) throw Fault(name, "A field appears twice.", field);
        }
        if (dtype is null || shape is null || offsets is not { Count: 2 })
            throw Fault(name, "The tensor is not described in full.", null, "dtype, shape and two data_offsets");
        if (!_entries.TryAdd(name, Entry(name, dtype, shape, offsets))) throw Fault(name, "The tensor appears twice.", name);
    }

    private List<int> ReadShape(string name)
    {
        List<long> dimensions = ReadIntegers(name, MaxDimensions);
        foreach (long dimension in dimensions)
            if (dimension > int.MaxValue) throw Fault(name, "A dimension is absurd.", $"{dimension}", $"up to {int.MaxValue}");
        return dimensions.ConvertAll(d => (int)d);
    }

    private List<long> ReadIntegers(string name, int most)
    {
        var values = new List<long>(2);
        Next(JsonTokenType.StartArray, name);
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt64(out long value) || value < 0)
                throw Fault(name, "A shape or an offset is not a non-negative 63-bit integer.", Text());
            if (values.Count == most) throw Fault(name, "An array is too long.", $"more than {most} numbers");
            values.Add(value);
        }
        return values;
    }

    private readonly WeightEntry Entry(string name, string dtypeName, List<int> shape, List<long> offsets)
    {
        DType dtype = dtypeName switch
        {
            "F32" => DType.F32,
            "F16" => DType.F16,
            "BF16" => DType.BF16,
            _ => throw Fault(name, "The data type is not supported.", dtypeName, "F32, F16, BF16"),
        };
        long begin = offsets[0], end = offsets[1];
        if (begin > end || end > _dataLength)
            throw Fault(name, "The range does not lie in the data.", $"{begin} … {end}", $"0 … {_dataLength}");
        Int128 bytes = dtype.BlockBytes();
        foreach (int dimension in shape)
        {
            bytes *= dimension;
            if (bytes > long.MaxValue) throw Fault(name, "The shape is absurd.", $"[{string.Join(", ", shape)}]", $"at most {_dataLength} bytes");
        }
        if (bytes != end - begin) throw Fault(name, "Shape and range do not agree.", $"{end - begin} bytes for [{string.Join(", ", shape)}] of {dtypeName}", $"{bytes} bytes");
        if (begin % dtype.BlockBytes() != 0) throw Fault(name, "The range is misaligned.", $"{begin}", $"multiples of {dtype.BlockBytes()}");
        return new WeightEntry(name, dtype, shape, _file, _dataStart + begin, end - begin);
    }

    private readonly void CheckCover()
    {
        WeightEntry[] sorted = [.. _entries.Values];
        Array.Sort(sorted, (a, b) => a.Offset != b.Offset ? a.Offset.CompareTo(b.Offset) : a.ByteCount.CompareTo(b.ByteCount));
        long at = _dataStart;
        foreach (WeightEntry entry in sorted)
        {
            if (entry.Offset < at) throw Fault(entry.Name, "The tensor overlaps another.", $"byte {entry.Offset}", $"byte {at}");
            if (entry.Offset > at) throw Fault(entry.Name, "The data has a hole before the tensor.", $"byte {entry.Offset}", $"byte {at}");
            at += entry.ByteCount;
        }
        if (at != _dataStart + _dataLength)
            throw Fault("header", "The data goes on after the last tensor.", $"{_dataStart + _dataLength - at} bytes more", "none");
    }

    private bool NextProperty(out string name)
    {
        if (!_json.Read()) throw new JsonException("The JSON ends early.");
        name = _json.TokenType == JsonTokenType.PropertyName ? _json.GetString()! : "";
        return _json.TokenType == JsonTokenType.PropertyName;
    }

    private void Next(JsonTokenType wanted, string field)
    {
        if (!_json.Read()) throw new JsonException("The JSON ends early.");
        if (_json.TokenType != wanted) throw Fault(field, "The header has another kind of value here.", _json.TokenType.ToString(), wanted.ToString());
    }

    private readonly string Text() =>
        System.Text.Encoding.UTF8.GetString(_json.ValueSpan.Length > 64 ? _json.ValueSpan[..64] : _json.ValueSpan);

    private readonly ModelFormatException Fault(string field, string problem, string? found, string? supported = null) =>
        new(problem, _file, field, SafetensorsFile.PrefixBytes + _json.TokenStartIndex, found, supported);
}
