using System.Buffers.Binary;

namespace Switchyard.Tensor;

/// <summary>
/// The block formats as numbers: for every block of 32 elements integers, a scale and a minimum. The definition that kernels
/// are tested against (docs/numerics.md). Layouts are ggml's.
/// </summary>
public static class BlockFormats
{
    /// <summary>Elements that share a scale once a row is unpacked.</summary>
    public const int Block = 32;

    private static ReadOnlySpan<sbyte> NonLinear => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

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
                scale[0] = Half(block, 0);
                minimum[0] = dtype.HasMinimum() ? Half(block, 2) : 0f;
                UnpackSmall(dtype, block, n);
            }
            else if (dtype == DType.Q6_K)
            {
                scale.Fill(Half(block, 208));
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

    /// <summary>The values of a stored row of any format, rounded once to float32 where the format's own value is not one.</summary>
    /// <param name="dtype">Any format.</param>
    /// <param name="row">The stored row.</param>
    /// <param name="values">Shape [elements].</param>
    public static void Dequantize(DType dtype, ReadOnlySpan<byte> row, Span<float> values)
    {
        if (!dtype.IsBlockFormat())
        {
            Widen(dtype, row, values);
            return;
        }
        const int Span = 256;
        Span<short> n = stackalloc short[Span];
        Span<float> scale = stackalloc float[Span / Block], minimum = stackalloc float[Span / Block];
        for (int start = 0; start < values.Length; start += Span)
        {
            Span<float> part = values.Slice(start, Math.Min(Span, values.Length - start));
            int from = (int)dtype.RowBytes(start), length = (int)dtype.RowBytes(part.Length);
            Unpack(dtype, row.Slice(from, length), n[..part.Length], scale[..(part.Length / Block)], minimum[..(part.Length / Block)]);
            for (int k = 0; k < part.Length; k++)
            {
                float product = n[k] * scale[k / Block];
                part[k] = dtype.HasMinimum() ? product + minimum[k / Block] : product;
            }
        }
    }

    /// <summary>Rounds values to F16, BF16, Q8_0 or Q4_0, or copies F32.</summary>
    /// <param name="dtype">The format to make.</param>
    /// <param name="values">Whole blocks.</param>
    /// <param name="row">Shape [dtype.RowBytes(values.Length)].</param>
    /// <exception cref="NotSupportedException">Another format.</exception>
    public static void Quantize(DType dtype, ReadOnlySpan<float> values, Span<byte> row)
    {
        for (int k = 0; k < values.Length; k++)
        {
            switch (dtype)
            {
                case DType.F32: BinaryPrimitives.WriteSingleLittleEndian(row[(4 * k)..], values[k]); break;
                case DType.F16: BinaryPrimitives.WriteHalfLittleEndian(row[(2 * k)..], (Half)values[k]); break;
                case DType.BF16: BinaryPrimitives.WriteUInt16LittleEndian(row[(2 * k)..], ToBFloat16(values[k])); break;
                case DType.Q8_0 or DType.Q4_0:
                    QuantizeBlock(dtype, values.Slice(k, Block), row.Slice(k / Block * dtype.BlockBytes(), dtype.BlockBytes()));
                    k += Block - 1;
                    break;
                default:
                    throw new NotSupportedException($"Cannot quantise to {dtype}; supported are F32, F16, BF16, Q8_0 and Q4_0.");
            }
        }
    }

    private static void Widen(DType dtype, ReadOnlySpan<byte> row, Span<float> values)
    {
        for (int k = 0; k < values.Length; k++)
        {
            values[k] = dtype switch
            {
                DType.F32 => BinaryPrimitives.ReadSingleLittleEndian(row[(4 * k)..]),
                DType.F16 => (float)BinaryPrimitives.ReadHalfLittleEndian(row[(2 * k)..]),
                _ => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(row[(2 * k)..]) << 16),
            };
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
        float d = Half(block, 0), dmin = Half(block, 2);
        ReadOnlySpan<byte> packed = block.Slice(4, 12);
        for (int j = 0; j < 8; j++)
        {
            (int s, int m) = j < 4
                ? (packed[j] & 63, packed[j + 4] & 63)
                : ((packed[j + 4] & 15) | (packed[j - 4] >> 6) << 4, (packed[j + 4] >> 4) | (packed[j] >> 6) << 4);
            scale[j] = d * s;
            minimum[j] = -(dmin * m);
        }
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

    private static void QuantizeBlock(DType dtype, ReadOnlySpan<float> values, Span<byte> block)
    {
        float extreme = 0; // of the largest magnitude, with its sign
        foreach (float value in values) extreme = Math.Abs(value) > Math.Abs(extreme) ? value : extreme;
        Half d = (Half)(dtype == DType.Q8_0 ? Math.Abs(extreme) / 127 : extreme / -8);
        BinaryPrimitives.WriteHalfLittleEndian(block, d);
        float inverse = d == (Half)0 ? 0 : 1 / (float)d;
        for (int k = 0; k < Block; k++)
        {
            int q = (int)MathF.Round(values[k] * inverse);
            if (dtype == DType.Q8_0) block[2 + k] = (byte)(sbyte)Math.Clamp(q, -127, 127);
            else if (k < 16) block[2 + k] = (byte)Math.Clamp(q + 8, 0, 15);
            else block[2 + k - 16] |= (byte)(Math.Clamp(q + 8, 0, 15) << 4);
        }
    }

    private static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)(bits >> 16 | 0x40);
        return (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }

    private static float Half(ReadOnlySpan<byte> block, int at) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[at..]);
}
