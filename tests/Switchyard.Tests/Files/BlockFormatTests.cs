using System.Runtime.InteropServices;
using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests.Files;

public class BlockFormatTests
{
    public static TheoryData<DType> BlockTypes => [.. Enum.GetValues<DType>().Where(t => t.IsBlockFormat())];

    [Theory]
    [MemberData(nameof(BlockTypes))]
    public void Dequantised_bits_equal_the_written_out_definition(DType dtype)
    {
        var random = new Random(7);
        byte[] block = new byte[dtype.BlockBytes()];
        float[] got = new float[dtype.BlockElements()];
        for (int round = 0; round < 400; round++)
        {
            random.NextBytes(block); // scales of every kind, infinities, NaN and subnormals included
            BlockFormats.Dequantize(dtype, block, got);
            for (int k = 0; k < got.Length; k++) AssertSameFloat(WrittenOut(dtype, block, k), got[k], dtype, k);
        }
    }

    [Theory]
    [MemberData(nameof(BlockTypes))]
    public void Unpacked_integers_mean_the_same_values(DType dtype)
    {
        var random = new Random(8);
        int elements = dtype.BlockElements() * 3;
        byte[] row = new byte[dtype.RowBytes(elements)];
        float[] values = new float[elements], scales = new float[elements / 32], minima = new float[elements / 32];
        short[] integers = new short[elements];
        for (int round = 0; round < 100; round++)
        {
            random.NextBytes(row);
            BlockFormats.Dequantize(dtype, row, values);
            BlockFormats.Unpack(dtype, row, integers, scales, minima);
            for (int k = 0; k < elements; k++)
            {
                float product = integers[k] * scales[k / 32];
                AssertSameFloat((dtype.HasMinimum() ? product + minima[k / 32] : product) + 0f, values[k] + 0f, dtype, k); // zeros lose their sign
            }
        }
    }

    [Theory]
    [MemberData(nameof(BlockTypes))]
    public void Quantised_values_stay_within_the_formats_bound(DType dtype)
    {
        var random = new Random(9);
        int elements = dtype.BlockElements();
        float[] x = new float[elements], y = new float[elements];
        byte[] block = new byte[dtype.BlockBytes()];
        for (int round = 0; round < 600; round++)
        {
            Fill(x, random, round);
            BlockFormats.Quantize(dtype, x, block);
            BlockFormats.Dequantize(dtype, block, y);
            double bound = 0;
            for (int k = 0; k < elements; k++)
            {
                if (k % 16 == 0) bound = Bound(dtype, x, k);
                if (Math.Abs(x[k] - y[k]) > bound) Assert.Fail($"{dtype} round {round} element {k}: {x[k]} became {y[k]}, bound {bound}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(BlockTypes))]
    public void Zeros_stay_zero_and_tiny_or_large_values_stay_finite(DType dtype)
    {
        byte[] block = new byte[dtype.BlockBytes()];
        float[] y = new float[dtype.BlockElements()];
        foreach (float value in new[] { 0f, 1e-42f, -1e-30f, 3e-8f, 6.5e4f, -6.5e4f })
        {
            var x = new float[y.Length];
            x.AsSpan().Fill(value);
            BlockFormats.Quantize(dtype, x, block);
            BlockFormats.Dequantize(dtype, block, y);
            Assert.All(y, v => Assert.True(float.IsFinite(v)));
            if (value == 0) Assert.All(y, v => Assert.Equal(0f, v));
        }
    }

    [Fact]
    public void Conversions_to_half_precision_round_to_nearest_even()
    {
        var random = new Random(10);
        for (int i = 0; i < 20000; i++)
        {
            float x = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            ushort bf16 = BlockFormats.ToBF16(x);
            if (float.IsNaN(x))
            {
                Assert.True(float.IsNaN(BlockFormats.FromBF16(bf16)) && float.IsNaN(BlockFormats.FromF16(BlockFormats.ToF16(x))));
                continue;
            }
            AssertNearest(x, bf16, BlockFormats.FromBF16);
            Assert.Equal((float)(Half)x, BlockFormats.FromF16(BlockFormats.ToF16(x)));
        }
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            float f16 = BlockFormats.FromF16((ushort)bits), bf16 = BlockFormats.FromBF16((ushort)bits);
            if (!float.IsNaN(f16)) Assert.Equal(bits, BlockFormats.ToF16(f16));
            if (!float.IsNaN(bf16)) Assert.Equal(bits, BlockFormats.ToBF16(bf16));
        }
    }

    [Theory]
    [InlineData(DType.F16)]
    [InlineData(DType.BF16)]
    public void Rows_of_plain_types_convert_like_single_numbers(DType dtype)
    {
        ushort[] bits = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];
        float[] values = new float[bits.Length];
        BlockFormats.Dequantize(dtype, MemoryMarshal.AsBytes(bits.AsSpan()), values);
        ushort[] back = new ushort[bits.Length];
        BlockFormats.Quantize(dtype, values, MemoryMarshal.AsBytes(back.AsSpan()));
        for (int i = 0; i < bits.Length; i++)
        {
            AssertSameFloat(dtype == DType.F16 ? BlockFormats.FromF16(bits[i]) : BlockFormats.FromBF16(bits[i]), values[i], dtype, i);
            if (!float.IsNaN(values[i])) Assert.Equal(bits[i], back[i]);
        }
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_refused()
    {
        Assert.Throws<ShapeException>(() => BlockFormats.Dequantize(DType.Q8_0, new byte[34], new float[31]));
        Assert.Throws<ShapeException>(() => BlockFormats.Dequantize(DType.Q8_0, new byte[33], new float[32]));
        Assert.Throws<ShapeException>(() => BlockFormats.Quantize(DType.Q4_K, new float[32], new byte[144]));
    }

    /// <summary>Each element on its own, by bit position, straight from the description of the format.</summary>
    private static float WrittenOut(DType dtype, byte[] b, int k)
    {
        static float F16(byte[] b, int at) => (float)BitConverter.Int16BitsToHalf((short)(b[at] | b[at + 1] << 8));
        static int Bit(byte[] b, int at, int bit) => b[at + bit / 8] >> (bit % 8) & 1;
        int nibbleByte = k % 16, nibbleShift = k / 16 * 4; // of the 32-element formats
        switch (dtype)
        {
            case DType.Q8_0: return F16(b, 0) * (sbyte)b[2 + k];
            case DType.Q4_0: return F16(b, 0) * ((b[2 + nibbleByte] >> nibbleShift & 15) - 8);
            case DType.Q4_1: return (F16(b, 0) * (b[4 + nibbleByte] >> nibbleShift & 15)) + F16(b, 2);
            case DType.Q5_0: return F16(b, 0) * ((b[6 + nibbleByte] >> nibbleShift & 15) + 16 * Bit(b, 2, k) - 16);
            case DType.Q5_1: return (F16(b, 0) * ((b[8 + nibbleByte] >> nibbleShift & 15) + 16 * Bit(b, 4, k))) + F16(b, 2);
            case DType.IQ4_NL:
                int[] table = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
                return F16(b, 0) * table[b[2 + nibbleByte] >> nibbleShift & 15];
            case DType.Q6_K:
                int half = k / 128, quarter = k / 32 % 4, l = k % 32;
                int low = b[half * 64 + quarter % 2 * 32 + l] >> (quarter >= 2 ? 4 : 0) & 15;
                int high = b[128 + half * 32 + l] >> (2 * quarter) & 3;
                return F16(b, 208) * (sbyte)b[192 + k / 16] * (low + 16 * high - 32);
        }
        int sub = k / 32, scale, min;
        if (sub < 4)
        {
            (scale, min) = (b[4 + sub] % 64, b[8 + sub] % 64);
        }
        else
        {
            scale = b[8 + sub] % 16 + b[sub] / 64 * 16;
            min = b[8 + sub] / 16 + b[4 + sub] / 64 * 16;
        }
        int q = b[(dtype == DType.Q4_K ? 16 : 48) + k / 64 * 32 + k % 32] >> (sub % 2 * 4) & 15;
        if (dtype == DType.Q5_K) q += 16 * (b[16 + k % 32] >> sub & 1);
        return (F16(b, 0) * scale * q) - (F16(b, 2) * min);
    }

    /// <summary>Half a step of the block's scale, what storing scales in fewer bits adds, and what the end of an asymmetric range cuts.</summary>
    private static double Bound(DType dtype, float[] x, int k)
    {
        int sub = dtype == DType.Q6_K ? 16 : 32;
        float[] part = x[(k / sub * sub)..(k / sub * sub + sub)];
        double amax = part.Max(MathF.Abs), all = x.Max(MathF.Abs), min = part.Min(), max = part.Max();
        double f16 = 1.0 / 1024, steps = dtype is DType.Q4_K or DType.Q5_K or DType.Q6_K ? 4096 : 127;
        double tiny = steps * Math.Pow(2, -25); // relative error of a binary16 scale, and the absolute one where it is subnormal
        return tiny + dtype switch
        {
            DType.Q8_0 => amax / 127 * 0.5 + amax * f16,
            DType.Q4_0 => amax / 8 * 1.0 + amax * f16, // the far end of the other sign is a whole step short
            DType.Q5_0 => amax / 16 * 1.0 + amax * f16,
            DType.Q4_1 => (max - min) / 15 * 0.5 + amax * 4 * f16,
            DType.Q5_1 => (max - min) / 31 * 0.5 + amax * 4 * f16,
            DType.IQ4_NL => amax * (14.0 / 127 + 12.0 / 127 + 4 * f16), // the short end is 113, gaps are up to 24, the scale is fitted
            DType.Q4_K => all / 63 * 2 + (Math.Max(max, 0) - Math.Min(min, 0) + all / 63 * 2) / 15 * 0.5 + all * 4 * f16,
            DType.Q5_K => all / 63 * 2 + (Math.Max(max, 0) - Math.Min(min, 0) + all / 63 * 2) / 31 * 0.5 + all * 4 * f16,
            DType.Q6_K => amax / 32 + all / 128 * 2 / 32 + all / 128 * 0.05 + all * 4 * f16,
            _ => throw new ArgumentOutOfRangeException(nameof(dtype)),
        };
    }

    private static void Fill(float[] x, Random random, int round)
    {
        double scale = Math.Pow(10, round % 7 - 4), shift = round % 3 == 0 ? 2 : 0;
        for (int i = 0; i < x.Length; i++)
        {
            double value = random.NextDouble() + random.NextDouble() - 1 + shift;
            x[i] = (float)(value * scale * (round % 5 == 0 && i % 37 == 0 ? 30 : 1));
        }
    }

    private static void AssertNearest(float x, ushort got, Func<ushort, float> widen)
    {
        if (float.IsInfinity(widen(got))) return;
        double error = Math.Abs((double)x - widen(got));
        foreach (int step in new[] { -1, 1 })
        {
            float other = widen((ushort)(got + step));
            if (float.IsNaN(other) || Math.Sign(other) != Math.Sign(widen(got))) continue;
            double distance = Math.Abs((double)x - other);
            Assert.True(error < distance || (error == distance && got % 2 == 0) || float.IsInfinity(other), $"{x:R} rounds to {got:x4}");
        }
    }

    private static void AssertSameFloat(float want, float got, DType dtype, int element)
    {
        if (BitConverter.SingleToInt32Bits(want) == BitConverter.SingleToInt32Bits(got) || (float.IsNaN(want) && float.IsNaN(got))) return;
        Assert.Fail($"{dtype} element {element}: want {want:R}, got {got:R}");
    }
}
