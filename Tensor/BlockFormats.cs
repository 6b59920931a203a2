using System.Buffers.Binary;

namespace Switchyard.Tensor;

/// <summary>
/// The block formats as numbers: for every block of 32 elements integers, a scale and a minimum. The definition that kernels
/// are tested against (docs/numerics.md). Layouts are ggml's.
/// </summary>
public static partial class BlockFormats
{
    /// <summary>Elements that share a scale once a row is unpacked.</summary>
    public const int Block = 32;

    /// <summary>The sixteen values that <see cref="DType.IQ4_NL"/> indexes.</summary>
    public static ReadOnlySpan<sbyte> NonLinear => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>True if blocks of <paramref name="dtype"/> have a minimum beside the scale.</summary>
    public static bool HasMinimum(this DType dtype) => dtype is DType.Q4_1 or DType.Q5_1 or DType.Q4_K or DType.Q5_K;

    /// <summary>Unpacks a row: element k is <c>integers[k] · scales[k / 32] + minima[k / 32]</c>.</summary>
    /// <param name="dtype">A block format.</param>
    /// <param name="row">The stored row, whole blocks.</param>
    /// <param name="integers">Shape [elements].</param>
    /// <param name="scales">Shape [elements / 32].</param>
    /// <param name="minima">Shape [elements / 32]; zeros for formats without a minimum.</param>
    public static void Unpack(DType dtype, ReadOnlySpan<byte> row, Span<short> integers, Span<float> scales, Span<float> minima)
    {
        int bytes = dtype.BlockBytes(), elements = dtype.BlockElements(), parts = elements / Block;
        for (int b = 0; b < row.Length / bytes; b++)
        {
            ReadOnlySpan<byte> block = row.Slice(b * bytes, bytes);
            Span<short> n = integers.Slice(b * elements, elements);
            Span<float> scale = scales.Slice(b * parts, parts), minimum = minima.Slice(b * parts, parts);
            if (parts == 1)
            {
                scale[0] = ReadF16(block);
                minimum[0] = dtype.HasMinimum() ? ReadF16(block[2..]) : 0f;
                UnpackSmall(dtype, block, n);
            }
            else if (dtype == DType.Q6_K)
            {
                scale.Fill(ReadF16(block[208..]));
                minimum.Clear();
                UnpackQ6K(block, n);
            }
            else
            {
                UnpackScalesK(block, scale, minimum);
                UnpackK(dtype, block, n);
            }
        }
    }

    private static void UnpackSmall(DType dtype, ReadOnlySpan<byte> block, Span<short> n)
    {
        if (dtype == DType.Q8_0)
        {
            for (int k = 0; k < Block; k++) n[k] = (sbyte)block[2 + k];
            return;
        }
        int head = dtype.HasMinimum() ? 4 : 2;
        bool five = dtype is DType.Q5_0 or DType.Q5_1;
        uint high = five ? BinaryPrimitives.ReadUInt32LittleEndian(block[head..]) : 0;
        ReadOnlySpan<byte> nibbles = block[(five ? head + 4 : head)..];
        int offset = dtype switch { DType.Q4_0 => 8, DType.Q5_0 => 16, _ => 0 };
        for (int k = 0; k < Block; k++)
        {
            int nibble = (k < 16 ? nibbles[k] : nibbles[k - 16] >> 4) & 15;
            int number = nibble | (int)((high >> k) & 1) << 4;
            n[k] = dtype == DType.IQ4_NL ? NonLinear[nibble] : (short)(number - offset);
        }
    }

    private static void UnpackScalesK(ReadOnlySpan<byte> block, Span<float> scale, Span<float> minimum)
    {
        float d = ReadF16(block), dmin = ReadF16(block[2..]);
        Span<byte> scales = stackalloc byte[8], minima = stackalloc byte[8];
        UnpackScales(block.Slice(4, 12), scales, minima);
        for (int j = 0; j < 8; j++) (scale[j], minimum[j]) = (d * scales[j], -(dmin * minima[j]));
    }

    private static void UnpackK(DType dtype, ReadOnlySpan<byte> block, Span<short> n)
    {
        bool five = dtype == DType.Q5_K;
        ReadOnlySpan<byte> high = five ? block.Slice(16, 32) : default, nibbles = block[(five ? 48 : 16)..];
        for (int k = 0; k < 256; k++)
        {
            int part = k / Block, l = k % Block; // pairs of parts share 32 bytes: low nibbles first, then high ones
            int number = (nibbles[part / 2 * Block + l] >> (4 * (part & 1))) & 15;
            if (five) number |= ((high[l] >> part) & 1) << 4;
            n[k] = (short)number;
        }
    }

    private static void UnpackQ6K(ReadOnlySpan<byte> block, Span<short> n)
    {
        for (int k = 0; k < 256; k++)
        {
            int half = k / 128, part = k % 128 / Block, l = k % Block;
            int low = block[64 * half + 32 * (part & 1) + l] >> (4 * (part >> 1)) & 15;
            int high = block[128 + 32 * half + l] >> (2 * part) & 3;
            n[k] = (short)((sbyte)block[192 + k / 16] * ((low | high << 4) - 32));
        }
    }
}
