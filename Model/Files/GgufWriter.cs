using System.Text;
using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>Writes GGUF files of version 3.</summary>
public static class GgufWriter
{
    private const uint Magic = 0x46554747, Version = 3;
    private const int DefaultAlignment = 32;

    /// <summary>Writes metadata and tensors, in the order given. The file appears under its name only when it is complete.</summary>
    /// <exception cref="ArgumentException">A name appears twice, or a source delivers another shape than it said.</exception>
    /// <exception cref="NotSupportedException">A tensor has a format that is not written.</exception>
    public static void Write(string path, GgufMetadata metadata, IEnumerable<TensorSource> tensors)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(tensors);
        TensorSource[] sources = [.. tensors];
        Check(sources);
        int alignment = (int)(metadata.Int("general.alignment") ?? DefaultAlignment);
        WholeFile.Write(path, stream =>
        {
            using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
            writer.Write(Magic);
            writer.Write(Version);
            writer.Write((ulong)sources.Length);
            writer.Write((ulong)metadata.Keys.Count);
            foreach (string key in metadata.Keys) WritePair(writer, key, metadata[key]!);
            long offset = 0;
            foreach (TensorSource source in sources)
            {
                WriteInfo(writer, source, offset);
                offset = Align(offset + source.ByteCount, alignment);
            }
            foreach (TensorSource source in sources)
            {
                Pad(writer, alignment);
                writer.Flush();
                WholeFile.WriteTensor(stream, source);
            }
            Pad(writer, alignment);
        });
    }

    private static void Check(TensorSource[] sources)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (TensorSource source in sources)
        {
            if (!names.Add(source.Name)) throw new ArgumentException($"A tensor is called {source.Name} twice.", nameof(sources));
            if (source.Shape.Count is 0 or > 4 || source.Shape.Any(d => d <= 0))
                throw new ArgumentException($"{source.Name} needs one to four positive dimensions; got [{string.Join(", ", source.Shape)}].", nameof(sources));
            if (source.DType is not (DType.F32 or DType.F16 or DType.BF16 or DType.Q8_0 or DType.Q4_0))
                throw new NotSupportedException($"{source.Name} is {source.DType}; GGUF files are written with F32, F16, BF16, Q8_0 and Q4_0.");
        }
    }

    private static void WriteInfo(BinaryWriter writer, TensorSource source, long offset)
    {
        WriteText(writer, source.Name);
        writer.Write((uint)source.Shape.Count);
        for (int d = source.Shape.Count - 1; d >= 0; d--) writer.Write((ulong)source.Shape[d]); // innermost first
        writer.Write(GgufTensorTypes.ToNumber(source.DType));
        writer.Write((ulong)offset);
    }

    private static void WritePair(BinaryWriter writer, string key, GgufValue value)
    {
        WriteText(writer, key);
        writer.Write((uint)value.Type);
        if (value.Type != GgufType.Array)
        {
            WriteScalar(writer, value.Type, value.Value);
            return;
        }
        var elements = (Array)value.Value;
        writer.Write((uint)value.ElementType);
        writer.Write((ulong)elements.Length);
        foreach (object element in elements) WriteScalar(writer, value.ElementType, element);
    }

    private static void WriteScalar(BinaryWriter writer, GgufType type, object value)
    {
        switch (type)
        {
            case GgufType.UInt8: writer.Write((byte)value); break;
            case GgufType.Int8: writer.Write((sbyte)value); break;
            case GgufType.UInt16: writer.Write((ushort)value); break;
            case GgufType.Int16: writer.Write((short)value); break;
            case GgufType.UInt32: writer.Write((uint)value); break;
            case GgufType.Int32: writer.Write((int)value); break;
            case GgufType.Float32: writer.Write((float)value); break;
            case GgufType.Bool: writer.Write((bool)value); break;
            case GgufType.Text: WriteText(writer, (string)value); break;
            case GgufType.UInt64: writer.Write((ulong)value); break;
            case GgufType.Int64: writer.Write((long)value); break;
            case GgufType.Float64: writer.Write((double)value); break;
            default: throw new NotSupportedException($"Metadata of kind {type} inside an array is not written.");
        }
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static void Pad(BinaryWriter writer, int alignment)
    {
        writer.Flush();
        long at = writer.BaseStream.Position;
        writer.Write(new byte[Align(at, alignment) - at]);
    }

    private static long Align(long offset, int alignment) => (offset + alignment - 1) / alignment * alignment;
}
