using System.Buffers.Binary;
using System.Text;
using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>
/// The strict reader of a GGUF header. Every count is compared with the bytes that are left before anything is allocated for it,
/// so that memory and time stay linear in the file.
/// </summary>
internal sealed class GgufReader
{
    private const uint Magic = 0x46554747; // "GGUF"
    private const int MaxKeyBytes = 65535, MaxTextBytes = 64 << 20, MaxDimensions = 4, MaxNesting = 4, DefaultAlignment = 32, MaxAlignment = 1 << 20;
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly MappedFile _file;
    private readonly MappedView _view;
    private readonly Dictionary<string, WeightEntry> _entries = new(StringComparer.Ordinal);
    private long _at;

    private GgufReader(MappedFile file, MappedView view) => (_file, _view, Metadata) = (file, view, new GgufMetadata(file.Path));

    private GgufMetadata Metadata { get; }

    /// <summary>Reads and checks everything before the data.</summary>
    public static (uint Version, GgufMetadata Metadata, Dictionary<string, WeightEntry> Entries) Read(MappedFile file)
    {
        using MappedView view = file.View(0, file.Length);
        var reader = new GgufReader(file, view);
        uint version = reader.ReadVersion();
        ulong tensors = reader.U64("tensor count"), pairs = reader.U64("metadata count");
        reader.CheckCount("metadata count", pairs, 8 + 4 + 1);
        for (ulong i = 0; i < pairs; i++) reader.ReadPair();
        reader.CheckCount("tensor count", tensors, 8 + 4 + 8 + 4 + 8);
        reader.ReadTensors(tensors);
        return (version, reader.Metadata, reader._entries);
    }

    private uint ReadVersion()
    {
        uint magic = U32("magic"), version = U32("version");
        if (magic != Magic) throw Fault("magic", "The file is no GGUF file.", $"0x{magic:x8}", 0);
        if (BinaryPrimitives.ReverseEndianness(version) is 2 or 3) throw Fault("version", "The file is big-endian.", null, 4, "little-endian files");
        if (version is not (2 or 3)) throw Fault("version", "The version of the format is not supported.", $"{version}", 4, "2, 3");
        return version;
    }

    private void ReadPair()
    {
        long start = _at;
        string key = Text("metadata key", MaxKeyBytes);
        if (key.Length == 0) throw Fault("metadata key", "A key is empty.", null, start);
        GgufType type = Kind(key);
        Metadata.Add(key, type == GgufType.Array ? ReadArray(key) : GgufValue.Scalar(type, ReadScalar(key, type)));
    }

    private object ReadScalar(string key, GgufType type) => type switch
    {
        GgufType.UInt8 => Bytes(key, 1)[0],
        GgufType.Int8 => (sbyte)Bytes(key, 1)[0],
        GgufType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(key, 2)),
        GgufType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(Bytes(key, 2)),
        GgufType.UInt32 => U32(key),
        GgufType.Int32 => (int)U32(key),
        GgufType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(Bytes(key, 4)),
        GgufType.Bool => Bytes(key, 1)[0] is var b && b <= 1 ? b == 1 : throw Fault(key, "A truth value is neither 0 nor 1.", $"{b}", _at - 1),
        GgufType.Text => Text(key, MaxTextBytes),
        GgufType.UInt64 => U64(key),
        GgufType.Int64 => (long)U64(key),
        _ => BinaryPrimitives.ReadDoubleLittleEndian(Bytes(key, 8)),
    };

    private GgufValue ReadArray(string key)
    {
        GgufType element = Kind(key);
        ulong count = U64(key);
        long start = _at;
        SkipElements(key, element, count, MaxNesting);
        return new GgufValue(element, (long)count, start, value => GgufArrays.Load(_file, key, value));
    }

    private void SkipElements(string key, GgufType element, ulong count, int nesting)
    {
        if (nesting == 0) throw Fault(key, "Arrays lie too deep in arrays.", null, _at, $"{MaxNesting} levels");
        int size = GgufArrays.SizeOf(element);
        CheckCount(key, count, size);
        if (element is not (GgufType.Text or GgufType.Array))
        {
            _at += (long)count * size;
            return;
        }
        for (ulong i = 0; i < count; i++)
        {
            if (element == GgufType.Text) SkipText(key);
            else SkipElements(key, Kind(key), U64(key), nesting - 1);
        }
    }

    private void SkipText(string key)
    {
        ulong length = U64(key);
        if (length > MaxTextBytes) throw Fault(key, "A text is too long.", $"{length} bytes", _at - 8, $"up to {MaxTextBytes}");
        Bytes(key, (int)length);
    }

    private void ReadTensors(ulong count)
    {
        var infos = new List<(string Name, DType DType, int[] Shape, ulong Offset, long At)>();
        for (ulong i = 0; i < count; i++) infos.Add(ReadTensor());
        long alignment = Alignment(), data = (_at + alignment - 1) / alignment * alignment;
        foreach ((string name, DType dtype, int[] shape, ulong offset, long at) in infos)
        {
            long bytes = ByteCount(name, dtype, shape, at);
            if (offset % (ulong)alignment != 0) throw Fault(name, "The tensor is misaligned.", $"offset {offset}", at, $"multiples of {alignment}");
            if (data > _file.Length || offset > (ulong)(_file.Length - data) || bytes > _file.Length - data - (long)offset)
                throw Fault(name, "The tensor does not lie in the file. The file is cut short, or damaged.", $"{bytes} bytes at offset {offset} of the data", at, $"up to {Math.Max(0, _file.Length - data)}");
            if (!_entries.TryAdd(name, new WeightEntry(name, dtype, shape, _file.Path, data + (long)offset, bytes)))
                throw Fault(name, "The tensor appears twice.", null, at);
        }
        CheckOverlap();
    }

    private (string Name, DType DType, int[] Shape, ulong Offset, long At) ReadTensor()
    {
        long start = _at;
        string name = Text("tensor name", MaxKeyBytes);
        uint dimensions = U32(name);
        if (dimensions is 0 or > MaxDimensions) throw Fault(name, "The number of dimensions is not supported.", $"{dimensions}", start, $"1 … {MaxDimensions}");
        var shape = new int[dimensions];
        for (int d = shape.Length - 1; d >= 0; d--) // stored innermost first
        {
            ulong size = U64(name);
            if (size is 0 or > int.MaxValue) throw Fault(name, "A dimension is absurd.", $"{size}", start, $"1 … {int.MaxValue}");
            shape[d] = (int)size;
        }
        uint type = U32(name);
        DType dtype = GgufTensorTypes.ToDType(type) ?? throw Fault(name, "The tensor's format is not supported.", GgufTensorTypes.Name(type), start, GgufTensorTypes.Supported);
        return (name, dtype, shape, U64(name), start);
    }

    private long ByteCount(string name, DType dtype, int[] shape, long at)
    {
        if (shape[^1] % dtype.BlockElements() != 0)
            throw Fault(name, "A row is not a whole number of blocks.", $"{shape[^1]} elements of {dtype}", at, $"multiples of {dtype.BlockElements()}");
        UInt128 bytes = (UInt128)dtype.RowBytes(shape[^1]);
        for (int d = 0; d + 1 < shape.Length; d++)
        {
            bytes *= (uint)shape[d];
            if (bytes > long.MaxValue) throw Fault(name, "The shape is absurd.", $"[{string.Join(", ", shape)}]", at);
        }
        return (long)bytes;
    }

    private long Alignment()
    {
        if (Metadata.Int("general.alignment") is not { } alignment) return DefaultAlignment;
        if (alignment is < 8 or > MaxAlignment || alignment % 8 != 0)
            throw Fault("general.alignment", "The alignment is not supported.", $"{alignment}", null, $"multiples of 8 up to {MaxAlignment}");
        return alignment;
    }

    private void CheckOverlap()
    {
        WeightEntry[] sorted = [.. _entries.Values];
        Array.Sort(sorted, (a, b) => a.Offset.CompareTo(b.Offset));
        for (int i = 1; i < sorted.Length; i++)
            if (sorted[i].Offset < sorted[i - 1].Offset + sorted[i - 1].ByteCount)
                throw new ModelFormatException($"The tensor overlaps {sorted[i - 1].Name}.", _file.Path, sorted[i].Name, sorted[i].Offset);
    }

    private GgufType Kind(string key)
    {
        uint number = U32(key);
        return number <= (uint)GgufType.Float64 ? (GgufType)number : throw Fault(key, "The kind of value is unknown.", $"{number}", _at - 4, $"0 … {(uint)GgufType.Float64}");
    }

    private string Text(string field, int most)
    {
        ulong length = U64(field);
        if (length > (ulong)most) throw Fault(field, "A text is too long.", $"{length} bytes", _at - 8, $"up to {most}");
        ReadOnlySpan<byte> bytes = Bytes(field, (int)length);
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new ModelFormatException("A text is not valid UTF-8.", _file.Path, field, _at - bytes.Length, cause: e);
        }
    }

    private uint U32(string field) => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(field, 4));

    private ulong U64(string field) => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(field, 8));

    private ReadOnlySpan<byte> Bytes(string field, int count)
    {
        if (count > _file.Length - _at) throw Fault(field, "The file ends early.", $"{_file.Length - _at} of {count} bytes", _at);
        _at += count;
        return _view.Span(_at - count, count);
    }

    private void CheckCount(string field, ulong count, int leastBytesEach)
    {
        ulong most = (ulong)((_file.Length - _at) / leastBytesEach);
        if (count > most) throw Fault(field, "There cannot be that many; the file ends before.", $"{count}", _at, $"up to {most}");
    }

    private ModelFormatException Fault(string field, string problem, string? found, long? at, string? supported = null) =>
        new(problem, _file.Path, field, at, found, supported);
}
