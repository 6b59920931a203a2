using System.Buffers.Binary;
using Switchyard.Tensor;

namespace Switchyard.Properties.Reference;

/// <summary>
/// Takes ggml's block formats apart, one element after another, from their description alone: what the fast decoders are
/// compared with.
/// </summary>
internal static class BlockDecoder
{
    private static readonly int[] NonLinear = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>One row's blocks, ascending.</summary>
    public static WeightBlock[] Decode(DType dtype, ReadOnlySpan<byte> row)
    {
        var blocks = new List<WeightBlock>();
        for (; row.Length > 0; row = row[dtype.BlockBytes()..])
        {
            ReadOnlySpan<byte> b = row[..dtype.BlockBytes()];
            switch (dtype)
            {
                case DType.Q8_0: blocks.Add(new(Signed(b[2..]), Half(b))); break;
                case DType.Q4_0: blocks.Add(new(Quants(b[2..], default, offset: 8), Half(b))); break;
                case DType.Q4_1: blocks.Add(new(Quants(b[4..], default, offset: 0), Half(b), Half(b[2..]))); break;
                case DType.Q5_0: blocks.Add(new(Quants(b[6..], b[2..6], offset: 16), Half(b))); break;
                case DType.Q5_1: blocks.Add(new(Quants(b[8..], b[4..8], offset: 0), Half(b), Half(b[2..]))); break;
                case DType.IQ4_NL: blocks.Add(new([.. Quants(b[2..], default, offset: 0).Select(i => NonLinear[i])], Half(b))); break;
                case DType.Q4_K: AddKBlocks(blocks, b, default, b[16..]); break;
                case DType.Q5_K: AddKBlocks(blocks, b, b[16..48], b[48..]); break;
                case DType.Q6_K: AddSixBit(blocks, b); break;
                default: throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Not a block format.");
            }
        }
        return [.. blocks];
    }

    private static float Half(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);

    private static int[] Signed(ReadOnlySpan<byte> bytes)
    {
        int[] quants = new int[32];
        for (int i = 0; i < 32; i++) quants[i] = (sbyte)bytes[i];
        return quants;
    }

    /// <summary>32 four-bit numbers, low nibbles first, each with a fifth bit when there are high bits.</summary>
    private static int[] Quants(ReadOnlySpan<byte> nibbles, ReadOnlySpan<byte> highBits, int offset)
    {
        int[] quants = new int[32];
        for (int i = 0; i < 32; i++)
        {
            int low = i < 16 ? nibbles[i] & 15 : nibbles[i - 16] >> 4;
            int high = highBits.IsEmpty ? 0 : (highBits[i / 8] >> (i % 8)) & 1;
            quants[i] = low + 16 * high - offset;
        }
        return quants;
    }

    /// <summary>Q4_K and Q5_K: eight sub-blocks of 32 with six-bit scales and minima packed in twelve bytes.</summary>
    private static void AddKBlocks(List<WeightBlock> blocks, ReadOnlySpan<byte> b, ReadOnlySpan<byte> highBits, ReadOnlySpan<byte> nibbles)
    {
        (float scale, float minimum) = (Half(b), Half(b[2..]));
        ReadOnlySpan<byte> packed = b[4..16];
        for (int j = 0; j < 8; j++)
        {
            int s = j < 4 ? packed[j] & 63 : (packed[j + 4] & 15) | ((packed[j - 4] >> 6) << 4);
            int m = j < 4 ? packed[j + 4] & 63 : (packed[j + 4] >> 4) | ((packed[j] >> 6) << 4);
            int[] quants = new int[32];
            for (int i = 0; i < 32; i++)
            {
                int low = (nibbles[j / 2 * 32 + i] >> (j % 2 * 4)) & 15;
                int high = highBits.IsEmpty ? 0 : (highBits[i] >> j) & 1;
                quants[i] = low + 16 * high;
            }
            blocks.Add(new(quants, scale * s, -(minimum * m)));
        }
    }

    /// <summary>Q6_K: sixteen sub-blocks of 16 with eight-bit scales, which go into the integers.</summary>
    private static void AddSixBit(List<WeightBlock> blocks, ReadOnlySpan<byte> b)
    {
        ReadOnlySpan<byte> low = b[..128], high = b[128..192], scales = b[192..208];
        for (int block = 0; block < 8; block++)
        {
            int[] quants = new int[32];
            for (int i = 0; i < 32; i++)
            {
                int element = 32 * block + i, half = element / 128, quarter = element % 128 / 32;
                int nibble = low[64 * half + 32 * (quarter % 2) + i] >> (quarter / 2 * 4) & 15;
                int bits = high[32 * half + i] >> (2 * quarter) & 3;
                quants[i] = (sbyte)scales[element / 16] * (nibble + 16 * bits - 32);
            }
            blocks.Add(new(quants, Half(b[208..])));
        }
    }
}
