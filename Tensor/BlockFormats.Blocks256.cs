namespace Switchyard.Tensor;

/// <content>
/// Formats whose superblocks hold 256 elements. Q4_K and Q5_K: binary16 d and dmin, twelve bytes with eight six-bit scales and
/// eight six-bit minima, then the high bits (Q5_K only) and the nibbles; sub-block s is elements 32s … 32s + 31 and means
/// (d · scale[s]) · q − dmin · min[s]. Q6_K: low nibbles, high pairs, sixteen signed bytes of scales, then d.
/// </content>
public static partial class BlockFormats
{
    private const int Superblock = 256, SubBlocks = 8, SubBlock = 32;

    /// <summary>Unpacks the eight scales and minima of a Q4_K or Q5_K superblock; each is 0 … 63.</summary>
    /// <param name="packed">The twelve bytes after d and dmin.</param>
    /// <param name="scales">Shape [8].</param>
    /// <param name="minima">Shape [8].</param>
    public static void UnpackScales(ReadOnlySpan<byte> packed, Span<byte> scales, Span<byte> minima)
    {
        for (int s = 0; s < 4; s++)
        {
            scales[s] = (byte)(packed[s] & 63);
            minima[s] = (byte)(packed[s + 4] & 63);
            scales[s + 4] = (byte)((packed[s + 8] & 15) | packed[s] >> 6 << 4);
            minima[s + 4] = (byte)(packed[s + 8] >> 4 | packed[s + 4] >> 6 << 4);
        }
    }

    private static void PackScales(ReadOnlySpan<byte> scales, ReadOnlySpan<byte> minima, Span<byte> packed)
    {
        for (int s = 0; s < 4; s++)
        {
            packed[s] = (byte)(scales[s] | scales[s + 4] >> 4 << 6);
            packed[s + 4] = (byte)(minima[s] | minima[s + 4] >> 4 << 6);
            packed[s + 8] = (byte)((scales[s + 4] & 15) | (minima[s + 4] & 15) << 4);
        }
    }

    private static void DequantizeQ4_K(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = ReadF16(block), dmin = ReadF16(block[2..]);
        Span<byte> scales = stackalloc byte[SubBlocks], minima = stackalloc byte[SubBlocks];
        UnpackScales(block.Slice(4, 12), scales, minima);
        ReadOnlySpan<byte> nibbles = block.Slice(16, 128);
        for (int s = 0; s < SubBlocks; s++)
        {
            float scale = d * scales[s], min = dmin * minima[s];
            ReadOnlySpan<byte> q = nibbles.Slice(s / 2 * SubBlock, SubBlock);
            int shift = s % 2 * 4;
            for (int l = 0; l < SubBlock; l++) y[s * SubBlock + l] = (scale * (q[l] >> shift & 15)) - min;
        }
    }

    private static void DequantizeQ5_K(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = ReadF16(block), dmin = ReadF16(block[2..]);
        Span<byte> scales = stackalloc byte[SubBlocks], minima = stackalloc byte[SubBlocks];
        UnpackScales(block.Slice(4, 12), scales, minima);
        ReadOnlySpan<byte> high = block.Slice(16, 32), nibbles = block.Slice(48, 128);
        for (int s = 0; s < SubBlocks; s++)
        {
            float scale = d * scales[s], min = dmin * minima[s];
            ReadOnlySpan<byte> q = nibbles.Slice(s / 2 * SubBlock, SubBlock);
            int shift = s % 2 * 4;
            for (int l = 0; l < SubBlock; l++)
                y[s * SubBlock + l] = (scale * ((q[l] >> shift & 15) + (high[l] >> s & 1) * 16)) - min;
        }
    }

    private static void DequantizeQ6_K(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = ReadF16(block[208..]);
        for (int half = 0; half < 2; half++)
        {
            ReadOnlySpan<byte> low = block.Slice(half * 64, 64), high = block.Slice(128 + half * 32, 32), scales = block.Slice(192 + half * 8, 8);
            for (int quarter = 0; quarter < 4; quarter++)
            {
                for (int l = 0; l < SubBlock; l++)
                {
                    int nibble = low[quarter % 2 * SubBlock + l] >> (quarter / 2 * 4) & 15;
                    int q = (nibble | (high[l] >> (quarter * 2) & 3) << 4) - 32;
                    y[half * 128 + quarter * SubBlock + l] = d * (sbyte)scales[quarter * 2 + l / 16] * q;
                }
            }
        }
    }

    private static void QuantizeQ4_K(ReadOnlySpan<float> x, Span<byte> block)
    {
        Span<byte> levels = stackalloc byte[Superblock];
        QuantizeAffine(x, 15, block, levels);
        Span<byte> nibbles = block.Slice(16, 128);
        for (int pair = 0; pair < 4; pair++)
            for (int l = 0; l < SubBlock; l++)
                nibbles[pair * SubBlock + l] = (byte)(levels[pair * 64 + l] | levels[pair * 64 + SubBlock + l] << 4);
    }

    private static void QuantizeQ5_K(ReadOnlySpan<float> x, Span<byte> block)
    {
        Span<byte> levels = stackalloc byte[Superblock];
        QuantizeAffine(x, 31, block, levels);
        Span<byte> high = block.Slice(16, 32), nibbles = block.Slice(48, 128);
        high.Clear();
        for (int s = 0; s < SubBlocks; s++)
            for (int l = 0; l < SubBlock; l++) high[l] |= (byte)(levels[s * SubBlock + l] >> 4 << s);
        for (int pair = 0; pair < 4; pair++)
            for (int l = 0; l < SubBlock; l++)
                nibbles[pair * SubBlock + l] = (byte)((levels[pair * 64 + l] & 15) | (levels[pair * 64 + SubBlock + l] & 15) << 4);
    }

    /// <summary>Scales and minima cover each sub-block's range; levels are then chosen against the values as stored.</summary>
    private static void QuantizeAffine(ReadOnlySpan<float> x, int top, Span<byte> block, Span<byte> levels)
    {
        Span<float> scales = stackalloc float[SubBlocks], minima = stackalloc float[SubBlocks];
        for (int s = 0; s < SubBlocks; s++)
        {
            (float min, float max) = Range(x.Slice(s * SubBlock, SubBlock));
            min = MathF.Min(min, 0); // minima are stored as magnitudes below zero
            (scales[s], minima[s]) = ((MathF.Max(max, 0) - min) / top, -min);
        }
        Span<byte> packedScales = stackalloc byte[SubBlocks], packedMinima = stackalloc byte[SubBlocks];
        float d = SixBits(scales, packedScales), dmin = SixBits(minima, packedMinima);
        (d, dmin) = (StoreF16(block, d), StoreF16(block[2..], dmin));
        PackScales(packedScales, packedMinima, block.Slice(4, 12));
        for (int s = 0; s < SubBlocks; s++)
        {
            float inverse = Inverse(d * packedScales[s]), min = dmin * packedMinima[s];
            for (int l = s * SubBlock; l < (s + 1) * SubBlock; l++) levels[l] = (byte)Level((x[l] + min) * inverse, 0, top);
        }
    }

    /// <summary>Rounds to multiples of the returned step, upwards, so that no range is cut short by more than binary16's rounding.</summary>
    private static float SixBits(ReadOnlySpan<float> values, Span<byte> multiples)
    {
        float step = FurthestFromZero(values) / 63f, inverse = Inverse(step);
        for (int s = 0; s < values.Length; s++) multiples[s] = (byte)Math.Clamp((int)MathF.Ceiling(values[s] * inverse - 1e-3f), 0, 63);
        return step;
    }

    private static void QuantizeQ6_K(ReadOnlySpan<float> x, Span<byte> block)
    {
        Span<float> scales = stackalloc float[16];
        for (int s = 0; s < 16; s++) scales[s] = FurthestFromZero(x.Slice(s * 16, 16)) / -32f;
        float step = FurthestFromZero(scales) / -128f, inverse = Inverse(step);
        step = StoreF16(block[208..], step);
        Span<byte> levels = stackalloc byte[Superblock];
        for (int s = 0; s < 16; s++)
        {
            float multiple = scales[s] * inverse; // away from zero: a shorter step would cut the furthest value
            int stored = Math.Clamp((int)(multiple < 0 ? MathF.Floor(multiple + 1e-3f) : MathF.Ceiling(multiple - 1e-3f)), -128, 127);
            block[192 + s] = (byte)(sbyte)stored;
            float inverseScale = Inverse(step * stored);
            for (int l = s * 16; l < (s + 1) * 16; l++)
                levels[l] = (byte)(Math.Clamp((int)MathF.Round(x[l] * inverseScale), -32, 31) + 32);
        }
        PackSixBits(levels, block);
    }

    private static void PackSixBits(ReadOnlySpan<byte> levels, Span<byte> block)
    {
        for (int half = 0; half < 2; half++)
        {
            ReadOnlySpan<byte> q = levels.Slice(half * 128, 128);
            Span<byte> low = block.Slice(half * 64, 64), high = block.Slice(128 + half * 32, 32);
            for (int l = 0; l < SubBlock; l++)
            {
                low[l] = (byte)((q[l] & 15) | (q[l + 64] & 15) << 4);
                low[l + 32] = (byte)((q[l + 32] & 15) | (q[l + 96] & 15) << 4);
                high[l] = (byte)(q[l] >> 4 | q[l + 32] >> 4 << 2 | q[l + 64] >> 4 << 4 | q[l + 96] >> 4 << 6);
            }
        }
    }
}
