using System.Numerics;
using System.Runtime.InteropServices;
using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>Finds infinities and NaN in stored rows, in whole vectors: cheap enough to look at every weight that is read.</summary>
internal static class FiniteRows
{
    private const ushort HalfExponent = 0x7C00, BrainExponent = 0x7F80;
    private const uint SingleExponent = 0x7F800000;

    /// <summary>True if every number of the row is finite; of blocks the scales are looked at, nothing else can be infinite.</summary>
    public static bool IsFinite(DType dtype, ReadOnlySpan<byte> row) => dtype switch
    {
        DType.F32 => AllBelow(MemoryMarshal.Cast<byte, uint>(row), SingleExponent),
        DType.F16 => AllBelow(MemoryMarshal.Cast<byte, ushort>(row), HalfExponent),
        DType.BF16 => AllBelow(MemoryMarshal.Cast<byte, ushort>(row), BrainExponent),
        DType.Q6_K => ScalesFinite(row, dtype.BlockBytes(), 208, 208),
        _ => ScalesFinite(row, dtype.BlockBytes(), 0, dtype.HasMinimum() ? 2 : 0),
    };

    /// <summary>An exponent of all ones is what infinities and NaN have in common. The tail is looked at one by one.</summary>
    private static bool AllBelow<T>(ReadOnlySpan<T> numbers, T exponent)
        where T : unmanaged, IBinaryInteger<T>
    {
        var mask = new Vector<T>(exponent);
        int i = 0;
        for (; i <= numbers.Length - Vector<T>.Count; i += Vector<T>.Count)
            if (Vector.EqualsAny(new Vector<T>(numbers[i..]) & mask, mask)) return false;
        for (; i < numbers.Length; i++)
            if ((numbers[i] & exponent) == exponent) return false;
        return true;
    }

    private static bool ScalesFinite(ReadOnlySpan<byte> row, int stride, int first, int second)
    {
        for (int at = 0; at < row.Length; at += stride)
        {
            if ((row[at + first + 1] & 0x7C) == 0x7C || (row[at + second + 1] & 0x7C) == 0x7C) return false; // the high byte of a little-endian binary16
        }
        return true;
    }
}
