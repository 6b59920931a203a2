using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>Writes safetensors files.</summary>
public static class SafetensorsWriter
{
    /// <summary>
    /// Writes tensors and metadata to <paramref name="path"/>. Wider types come first, so that every range is aligned; otherwise the
    /// order given is kept. The file appears under its name only when it is complete.
    /// </summary>
    /// <exception cref="ArgumentException">A type is not F32, F16 or BF16, a name appears twice, or a source delivers another shape than it said.</exception>
    public static void Write(string path, IEnumerable<TensorSource> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        TensorSource[] ordered = [.. tensors.OrderByDescending(t => t.DType.BlockBytes())];
        byte[] header = Header(ordered, metadata);
        WholeFile.Write(path, stream =>
        {
            Span<byte> prefix = stackalloc byte[SafetensorsFile.PrefixBytes];
            BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
            stream.Write(prefix);
            stream.Write(header);
            foreach (TensorSource tensor in ordered) WholeFile.WriteTensor(stream, tensor);
        });
    }

    private static byte[] Header(TensorSource[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in metadata) json.WriteString(key, value);
                json.WriteEndObject();
            }
            long offset = 0;
            var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
            foreach (TensorSource tensor in tensors)
            {
                if (!names.Add(tensor.Name)) throw new ArgumentException($"A tensor is called {tensor.Name} twice, or by a name that is taken.", nameof(tensors));
                offset = WriteEntry(json, tensor, offset);
            }
            json.WriteEndObject();
        }
        int padding = -buffer.WrittenCount & 7; // the data starts on eight bytes
        buffer.GetSpan(8)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        return buffer.WrittenSpan.ToArray();
    }

    private static long WriteEntry(Utf8JsonWriter json, TensorSource tensor, long offset)
    {
        if (tensor.DType is not (DType.F32 or DType.F16 or DType.BF16))
            throw new ArgumentException($"{tensor.Name} is {tensor.DType}; safetensors holds F32, F16 and BF16. Convert it first.", nameof(tensor));
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.DType.ToString());
        json.WriteStartArray("shape");
        foreach (int dimension in tensor.Shape) json.WriteNumberValue(dimension);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        offset += tensor.ByteCount;
        json.WriteNumberValue(offset);
        json.WriteEndArray();
        json.WriteEndObject();
        return offset;
    }
}
