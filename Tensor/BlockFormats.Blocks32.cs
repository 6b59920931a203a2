using System.Buffers.Binary;

namespace Switchyard.Tensor;

/// <content>Formats whose blocks hold 32 elements. Element j shares a byte with element j + 16: it has the low nibble.</content>
public static partial class BlockFormats
{
    private const int Half32 = 16;

    private static void DequantizeQ8_0(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = ReadF16(block);
        for (int j = 0; j < 32; j++) y[j] = (sbyte)block[2 + j] * d;
    }

    private static void DequantizeQ4_0(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = ReadF16(block);
        ReadOnlySpan<byte> q = block[2..];
        for (int j = 0; j < Half32; j++)
        {
            y[j] = ((q[j] & 15) - 8) * d;
            y[j + Half32] = ((q[j] >> 4) - 8) * d;
        }
    }

    private static void DequantizeQ4_1(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = ReadF16(block), m = ReadF16(block[2..]);
        ReadOnlySpan<byte> q = block[4..];
        for (int j = 0; j < Half32; j++)
        {
            y[j] = ((q[j] & 15) * d) + m;
            y[j + Half32] = ((q[j] >> 4) * d) + m;
        }
    }

    private static void DequantizeQ5_0(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = ReadF16(block);
        uint high = BinaryPrimitives.ReadUInt32LittleEndian(block[2..]);
        ReadOnlySpan<byte> q = block[6..];
        for (int j = 0; j < Half32; j++)
        {
            y[j] = (FiveBits(q[j] & 15, high, j) - 16) * d;
            y[j + Half32] = (FiveBits(q[j] >> 4, high, j + Half32) - 16) * d;
        }
    }

    private static void DequantizeQ5_1(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = ReadF16(block), m = ReadF16(block[2..]);
        uint high = BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        ReadOnlySpan<byte> q = block[8..];
        for (int j = 0; j < Half32; j++)
        {
            y[j] = (FiveBits(q[j] & 15, high, j) * d) + m;
            y[j + Half32] = (FiveBits(q[j] >> 4, high, j + Half32) * d) + m;
        }
    }

    private static void DequantizeIQ4_NL(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = ReadF16(block);
        ReadOnlySpan<byte> q = block[2..];
        for (int j = 0; j < Half32; j++)
        {
            y[j] = d * NonLinear[q[j] & 15];
            y[j + Half32] = d * NonLinear[q[j] >> 4];
        }
    }

    private static int FiveBits(int nibble, uint high, int bit) => nibble | (int)((high >> bit) & 1) << 4;

    private static void QuantizeQ8_0(ReadOnlySpan<float> x, Span<byte> block)
    {
        float inverse = Inverse(StoreF16(block, MathF.Abs(FurthestFromZero(x)) / 127f));
        for (int j = 0; j < 32; j++) block[2 + j] = (byte)(sbyte)Math.Clamp((int)MathF.Round(x[j] * inverse), -127, 127);
    }

    private static void QuantizeQ4_0(ReadOnlySpan<float> x, Span<byte> block)
    {
        // The scale takes the sign that maps the furthest value to -8, the end of the range that has one step more.
        float inverse = Inverse(StoreF16(block, FurthestFromZero(x) / -8f));
        for (int j = 0; j < Half32; j++)
            block[2 + j] = (byte)(Level(x[j] * inverse, 8, 15) | Level(x[j + Half32] * inverse, 8, 15) << 4);
    }

    private static void QuantizeQ4_1(ReadOnlySpan<float> x, Span<byte> block)
    {
        (float min, float max) = Range(x);
        min = StoreF16(block[2..], min);
        float inverse = Inverse(StoreF16(block, (max - min) / 15f));
        for (int j = 0; j < Half32; j++)
            block[4 + j] = (byte)(Level((x[j] - min) * inverse, 0, 15) | Level((x[j + Half32] - min) * inverse, 0, 15) << 4);
    }

    private static void QuantizeQ5_0(ReadOnlySpan<float> x, Span<byte> block)
    {
        float inverse = Inverse(StoreF16(block, FurthestFromZero(x) / -16f));
        uint high = 0;
        for (int j = 0; j < Half32; j++)
        {
            int low = Level(x[j] * inverse, 16, 31), upper = Level(x[j + Half32] * inverse, 16, 31);
            block[6 + j] = (byte)((low & 15) | (upper & 15) << 4);
            high |= (uint)(low >> 4) << j | (uint)(upper >> 4) << (j + Half32);
        }
        BinaryPrimitives.WriteUInt32LittleEndian(block[2..], high);
    }

    private static void QuantizeQ5_1(ReadOnlySpan<float> x, Span<byte> block)
    {
        (float min, float max) = Range(x);
        min = StoreF16(block[2..], min);
        float inverse = Inverse(StoreF16(block, (max - min) / 31f));
        uint high = 0;
        for (int j = 0; j < Half32; j++)
        {
            int low = Level((x[j] - min) * inverse, 0, 31), upper = Level((x[j + Half32] - min) * inverse, 0, 31);
            block[8 + j] = (byte)((low & 15) | (upper & 15) << 4);
            high |= (uint)(low >> 4) << j | (uint)(upper >> 4) << (j + Half32);
        }
        BinaryPrimitives.WriteUInt32LittleEndian(block[4..], high);
    }

    private static void QuantizeIQ4_NL(ReadOnlySpan<float> x, Span<byte> block)
    {
        // The furthest value becomes -127, the table's longer end; the scale is then fitted to the chosen indices.
        float d = FurthestFromZero(x) / NonLinear[0], inverse = Inverse(d), product = 0, square = 0;
        for (int j = 0; j < 32; j++)
        {
            float value = NonLinear[NearestIQ4_NL(x[j] * inverse)], weight = x[j] * x[j];
            product += weight * value * x[j];
            square += weight * value * value;
        }
        if (square > 0) d = product / square;
        inverse = Inverse(StoreF16(block, d));
        for (int j = 0; j < Half32; j++)
            block[2 + j] = (byte)(NearestIQ4_NL(x[j] * inverse) | NearestIQ4_NL(x[j + Half32] * inverse) << 4);
    }

    private static int NearestIQ4_NL(float value)
    {
        int best = 0;
        for (int i = 1; i < 16; i++)
            if (MathF.Abs(value - NonLinear[i]) < MathF.Abs(value - NonLinear[best])) best = i;
        return best;
    }

    private static int Level(float value, int offset, int top) => Math.Clamp((int)MathF.Round(value) + offset, 0, top);

    private static float FurthestFromZero(ReadOnlySpan<float> x)
    {
        float furthest = 0;
        foreach (float value in x)
            if (MathF.Abs(value) > MathF.Abs(furthest)) furthest = value;
        return furthest;
    }

    private static (float Min, float Max) Range(ReadOnlySpan<float> x)
    {
        (float min, float max) = (x[0], x[0]);
        foreach (float value in x) (min, max) = (MathF.Min(min, value), MathF.Max(max, value));
        return (min, max);
    }
}
