using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>Decodes metadata arrays whose extent has been checked.</summary>
internal static class GgufArrays
{
    /// <summary>Bytes of an element; of its length fields where it has any.</summary>
    public static int SizeOf(GgufType type) => type switch
    {
        GgufType.UInt8 or GgufType.Int8 or GgufType.Bool => 1,
        GgufType.UInt16 or GgufType.Int16 => 2,
        GgufType.UInt32 or GgufType.Int32 or GgufType.Float32 => 4,
        GgufType.Array => 12,
        _ => 8,
    };

    /// <summary>Reads all elements of <paramref name="value"/>.</summary>
    public static Array Load(MappedFile file, string key, GgufValue value)
    {
        if (value.ElementType == GgufType.Array) throw new ModelFormatException("Arrays of arrays are not read.", file.Path, key, value.Offset);
        if (value.Count > Array.MaxLength / 8) throw new ModelFormatException("The array is too long.", file.Path, key, value.Offset, $"{value.Count} elements");
        return value.ElementType switch
        {
            GgufType.Text => Texts(file, value),
            GgufType.Bool => Array.ConvertAll(Numbers<byte>(file, value), b => b != 0),
            GgufType.UInt8 => Numbers<byte>(file, value),
            GgufType.Int8 => Numbers<sbyte>(file, value),
            GgufType.UInt16 => Numbers<ushort>(file, value),
            GgufType.Int16 => Numbers<short>(file, value),
            GgufType.UInt32 => Numbers<uint>(file, value),
            GgufType.Int32 => Numbers<int>(file, value),
            GgufType.Float32 => Numbers<float>(file, value),
            GgufType.UInt64 => Numbers<ulong>(file, value),
            GgufType.Int64 => Numbers<long>(file, value),
            _ => Numbers<double>(file, value),
        };
    }

    private static T[] Numbers<T>(MappedFile file, GgufValue value)
        where T : unmanaged
    {
        var numbers = new T[value.Count];
        int bytes = checked((int)value.Count * SizeOf(value.ElementType));
        using MappedView view = file.View(value.Offset, bytes);
        view.Span(0, bytes).CopyTo(MemoryMarshal.AsBytes(numbers.AsSpan()));
        return numbers;
    }

    /// <summary>Bytes that are not UTF-8 become replacement characters: such a token can be shown, not typed.</summary>
    private static string[] Texts(MappedFile file, GgufValue value)
    {
        var texts = new string[value.Count];
        using MappedView view = file.View(value.Offset, file.Length - value.Offset);
        long at = 0;
        for (int i = 0; i < texts.Length; i++)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(view.Span(at, 8));
            texts[i] = Encoding.UTF8.GetString(view.Span(at + 8, length));
            at += 8 + length;
        }
        return texts;
    }
}
