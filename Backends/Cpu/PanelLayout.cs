using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu;

/// <summary>
/// Weights in panels of sixteen outputs, so that vector lanes hold outputs and every output is one chain over its inputs.
/// </summary>
/// <remarks>
/// <para>A panel is one stream, which memory delivers best: units of ascending inputs, each its numbers and then its scales. F32 is [k][16]. Sixteen 16-bit numbers
/// (F16, BF16, and all scales) are eight pairs, output o in the lower and o + 8 in the upper half, because a pair widens to two
/// vectors of eight with a shift and a mask. Bytes are [k / 4][16][4], one 32-bit lane per output.</para>
/// <para>S8: 8 groups of 64 bytes a block, each number plus 128. N4, U4: 4 groups, group g in the low and g + 4 in the high nibbles. Q4K: for each pair of
/// parts of a superblock 8 groups, the even part in the low and the odd one in the high nibbles; then scales d, dmin,
/// eight rows of 16 sub-scales and eight of sub-minima. Q5K: the same with 8 groups of high bits (bit p for part p) before the
/// nibbles. Q6K: for each half 8 groups of low nibbles for part 0 (high ones: part 2), 8 for part 1 (3), 8 of two high bits for each
/// part; then d and sixteen rows of 16 sub-scales.</para>
/// </remarks>
internal static unsafe class PanelLayout
{
    /// <summary>Outputs of a panel.</summary>
    public const int Outputs = 16;

    /// <summary>Inputs of a block.</summary>
    public const int Block = BlockFormats.Block;

    /// <summary>The layout in which a stored format is kept.</summary>
    public static PanelFormat For(DType dtype) => dtype switch
    {
        DType.F32 => PanelFormat.F32,
        DType.F16 => PanelFormat.F16,
        DType.BF16 => PanelFormat.BF16,
        DType.Q8_0 or DType.Q5_0 or DType.IQ4_NL => PanelFormat.S8,
        DType.Q4_0 => PanelFormat.N4,
        DType.Q4_1 => PanelFormat.U4,
        DType.Q5_1 => PanelFormat.U5,
        DType.Q4_K => PanelFormat.Q4K,
        DType.Q5_K => PanelFormat.Q5K,
        DType.Q6_K => PanelFormat.Q6K,
        _ => throw new NotSupportedException($"{dtype} is not supported; supported are {string.Join(", ", Enum.GetNames<DType>())}."),
    };

    public static bool IsPlain(this PanelFormat format) => format <= PanelFormat.BF16;

    public static bool HasMinimum(this PanelFormat format) =>
        format is PanelFormat.U4 or PanelFormat.U5 or PanelFormat.Q4K or PanelFormat.Q5K;

    /// <summary>Inputs that share a record of numbers.</summary>
    public static int UnitInputs(this PanelFormat format) => format.IsPlain() ? 1 : format < PanelFormat.Q4K ? Block : 256;

    /// <summary>Bytes of the numbers of one unit of sixteen outputs.</summary>
    public static int UnitBytes(this PanelFormat format) => format switch
    {
        PanelFormat.F32 => 64,
        PanelFormat.F16 or PanelFormat.BF16 => 32,
        PanelFormat.S8 or PanelFormat.U5 => 512,
        PanelFormat.N4 or PanelFormat.U4 => 256,
        PanelFormat.Q4K => 2048,
        PanelFormat.Q5K => 2560,
        _ => 3072,
    };

    /// <summary>Bytes from one unit to the next.</summary>
    public static int UnitStride(this PanelFormat format) => format.UnitBytes() + format.UnitScaleBytes();

    /// <summary>Bytes of the scales of one unit of sixteen outputs.</summary>
    public static int UnitScaleBytes(this PanelFormat format) => format switch
    {
        PanelFormat.F32 or PanelFormat.F16 or PanelFormat.BF16 => 0,
        PanelFormat.S8 or PanelFormat.N4 => 32,
        PanelFormat.U4 or PanelFormat.U5 => 64,
        PanelFormat.Q4K or PanelFormat.Q5K => 320,
        _ => 288,
    };

    public static long PanelBytes(PanelFormat format, int inDim) =>
        (inDim / format.UnitInputs() * (long)format.UnitStride() + 63) & ~63L;

    public static int RoundUp(int count) => (count + Outputs - 1) & ~(Outputs - 1);

    /// <summary>Where the 16-bit number of an output lies among its panel's sixteen.</summary>
    public static int PairIndex(int output) => 2 * (output & 7) + (output >> 3);

    /// <summary>Unpacks a block of 32 inputs of one output of a block format: integers, scale and minimum as in docs/numerics.md.</summary>
    public static void UnpackBlock(PanelFormat format, byte* panel, int block, int lane, short* n, out float scale, out float minimum)
    {
        int unit = block * Block / format.UnitInputs(), part = block * Block % format.UnitInputs() / Block;
        byte* numbers = panel + (long)unit * format.UnitStride(), scales = numbers + format.UnitBytes();
        numbers += 4 * lane;
        scale = HalfAt(scales, lane);
        minimum = 0;
        int multiplier = 1;
        for (int k = 0; k < Block; k++)
        {
            int group = k / 4, i = k % 4;
            switch (format)
            {
                case PanelFormat.S8: n[k] = (short)(numbers[64 * group + i] - 128); break;
                case PanelFormat.U5: n[k] = numbers[64 * group + i]; break;
                case PanelFormat.N4 or PanelFormat.U4:
                    n[k] = (short)((numbers[64 * (group & 3) + i] >> (group & 4) & 15) - (format == PanelFormat.N4 ? 8 : 0));
                    break;
                case PanelFormat.Q4K or PanelFormat.Q5K:
                    int nibbles = format == PanelFormat.Q5K ? 512 : 0;
                    int number = numbers[nibbles + 512 * (part >> 1) + 64 * group + i] >> (4 * (part & 1)) & 15;
                    if (format == PanelFormat.Q5K) number |= (numbers[64 * group + i] >> part & 1) << 4;
                    n[k] = (short)number;
                    break;
                default:
                    byte* half = numbers + 1536 * (part >> 2) + 64 * group + i;
                    int p = part & 3;
                    int low = half[512 * (p & 1)] >> (4 * (p >> 1)) & 15, high = half[1024] >> (2 * p) & 3;
                    multiplier = (sbyte)scales[32 + 16 * (2 * part + k / 16) + lane];
                    n[k] = (short)(multiplier * ((low | high << 4) - 32));
                    break;
            }
        }
        if (format is PanelFormat.U4 or PanelFormat.U5) minimum = HalfAt(scales + 32, lane);
        if (format is not (PanelFormat.Q4K or PanelFormat.Q5K)) return;
        minimum = -(HalfAt(scales + 32, lane) * scales[192 + 16 * part + lane]);
        scale *= scales[64 + 16 * part + lane];
    }

    /// <summary>One output's value of a plain format.</summary>
    public static float PlainValue(PanelFormat format, byte* panel, int k, int lane) => format switch
    {
        PanelFormat.F32 => ((float*)panel)[k * 16 + lane],
        PanelFormat.F16 => (float)BitConverter.UInt16BitsToHalf(((ushort*)panel)[k * 16 + PairIndex(lane)]),
        _ => BitConverter.Int32BitsToSingle(((ushort*)panel)[k * 16 + PairIndex(lane)] << 16),
    };

    /// <summary>One output's values, rounded once to float32.</summary>
    public static void ReadRow(PanelFormat format, byte* panel, int inDim, int lane, float* values)
    {
        if (format.IsPlain())
        {
            for (int k = 0; k < inDim; k++) values[k] = PlainValue(format, panel, k, lane);
            return;
        }
        short* n = stackalloc short[Block];
        for (int block = 0; block < inDim / Block; block++)
        {
            UnpackBlock(format, panel, block, lane, n, out float scale, out float minimum);
            float* to = values + block * Block;
            if (format.HasMinimum()) for (int k = 0; k < Block; k++) to[k] = n[k] * scale + minimum;
            else for (int k = 0; k < Block; k++) to[k] = n[k] * scale;
        }
    }

    private static float HalfAt(byte* scales, int lane) => (float)BitConverter.UInt16BitsToHalf(((ushort*)scales)[PairIndex(lane)]);
}
