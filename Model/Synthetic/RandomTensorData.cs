using System.Runtime.InteropServices;
using Switchyard.Tensor;

namespace Switchyard.Model.Synthetic;

/// <summary>
/// A tensor of seeded random numbers of a stated spread, made row by row as it is read: real shapes and formats without a file.
/// </summary>
/// <remarks>Rows are uniform around zero. The same (seed, row) always gives the same bytes.</remarks>
public sealed class RandomTensorData : TensorData
{
    private readonly ulong _seed;
    private readonly float _spread;

    /// <summary>Describes the tensor.</summary>
    /// <param name="dtype">F32, F16, BF16, Q8_0, Q4_0, Q4_K or Q6_K.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="cols">Elements of a row.</param>
    /// <param name="seed">Chooses the numbers.</param>
    /// <param name="spread">Standard deviation of the elements, about.</param>
    /// <exception cref="NotSupportedException">Another format.</exception>
    public RandomTensorData(DType dtype, int rows, int cols, ulong seed, float spread)
        : base(dtype, rows, cols)
    {
        if (dtype is not (DType.F32 or DType.F16 or DType.BF16 or DType.Q8_0 or DType.Q4_0 or DType.Q4_K or DType.Q6_K))
            throw new NotSupportedException($"Random weights can be made as F32, F16, BF16, Q8_0, Q4_0, Q4_K or Q6_K, not as {dtype}.");
        (_seed, _spread) = (seed, spread);
    }

    /// <inheritdoc/>
    public override void ReadRow(int row, Span<byte> destination)
    {
        destination = destination[..(int)RowBytes];
        ulong state = Mix(_seed ^ Mix((ulong)row + 1));
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(destination);
        for (int i = 0; i < words.Length; i++) words[i] = Mix(state += 0x9E3779B97F4A7C15);
        for (int i = words.Length * 8; i < destination.Length; i++) destination[i] = (byte)Mix(state += 0x9E3779B97F4A7C15);
        Shape(destination);
    }

    private void Shape(Span<byte> row)
    {
        switch (DType)
        {
            case DType.F32:
                foreach (ref float x in MemoryMarshal.Cast<byte, float>(row)) x = Uniform(BitConverter.SingleToInt32Bits(x)) * _spread;
                break;
            case DType.F16:
                foreach (ref Half x in MemoryMarshal.Cast<byte, Half>(row)) x = (Half)(Uniform(BitConverter.HalfToInt16Bits(x) << 16) * _spread);
                break;
            case DType.BF16:
                foreach (ref ushort x in MemoryMarshal.Cast<byte, ushort>(row)) x = (ushort)(BitConverter.SingleToInt32Bits(Uniform(x << 16) * _spread) >> 16);
                break;
            case DType.Q8_0:
                SetScales(row, 34, 0, _spread / 73.9f); // signed bytes deviate by 256/√12
                break;
            case DType.Q4_0:
                SetScales(row, 18, 0, _spread / 4.61f); // 16/√12
                break;
            case DType.Q4_K:
                SetScales(row, 144, 0, _spread / (31.5f * 5.5f)); // six-bit sub-scale times a nibble
                SetScales(row, 144, 2, _spread / (31.5f * 5.5f) * 7.5f); // centres the nibbles
                break;
            default:
                SetScales(row, 210, 208, _spread / (73.9f * 18.5f)); // signed sub-scale times six bits
                break;
        }
    }

    private static void SetScales(Span<byte> row, int blockBytes, int offset, float scale)
    {
        for (int at = offset; at < row.Length; at += blockBytes) MemoryMarshal.Write(row[at..], (Half)scale);
    }

    /// <summary>Uniform with deviation 1, from the upper bits.</summary>
    private static float Uniform(int bits) => bits * (1.7320508f / 2147483648f);

    private static ulong Mix(ulong z)
    {
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }
}
