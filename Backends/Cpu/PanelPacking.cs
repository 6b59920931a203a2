using System.Runtime.CompilerServices;
using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu;

/// <summary>Turns sixteen stored rows into a panel (<see cref="PanelLayout"/>).</summary>
/// <remarks>
/// ggml's blocks hold bytes whose four neighbours are neighbouring inputs in the same nibble or bit, so 32-bit words move as they are:
/// word i of sixteen rows becomes 64 neighbouring bytes.
/// </remarks>
internal static unsafe class PanelPacking
{
    private const int Outputs = PanelLayout.Outputs;

    /// <summary>Writes a panel.</summary>
    /// <param name="format">The panel's format.</param>
    /// <param name="dtype">The rows' format.</param>
    /// <param name="rows">Sixteen rows; zeros where there is no output.</param>
    /// <param name="inDim">Inputs.</param>
    /// <param name="panel">Where to write.</param>
    /// <returns>False if a scale, or a number of F16, is infinite or not a number.</returns>
    public static bool Pack(PanelFormat format, DType dtype, byte** rows, int inDim, byte* panel)
    {
        if (format == PanelFormat.F32 && dtype == DType.F32)
        {
            Words(rows, 0, inDim, (uint*)panel);
            return true;
        }
        if (format == PanelFormat.F32) return Widen(dtype, rows, inDim, (float*)panel);
        if (format.IsPlain()) return Halves(rows, inDim, (uint*)panel) || format == PanelFormat.BF16;
        int units = inDim / format.UnitInputs();
        bool finite = true;
        for (int unit = 0; unit < units; unit++, panel += format.UnitStride())
            finite &= Unit(format, dtype, rows, unit * dtype.BlockBytes(), (uint*)panel, panel + format.UnitBytes());
        return finite;
    }

    private static bool Unit(PanelFormat format, DType dtype, byte** rows, int at, uint* numbers, byte* scales)
    {
        switch (format)
        {
            case PanelFormat.S8 when dtype == DType.Q8_0:
                Words(rows, at + 2, 8, numbers, flip: 0x80808080); // + 128 in every byte
                return Scales(rows, at, scales);
            case PanelFormat.S8 or PanelFormat.U5:
                Bytes(dtype, rows, at, format == PanelFormat.S8 ? 128 : 0, (byte*)numbers);
                return Scales(rows, at, scales) & (format == PanelFormat.S8 || Scales(rows, at + 2, scales + 32));
            case PanelFormat.N4:
                Words(rows, at + 2, 4, numbers);
                return Scales(rows, at, scales);
            case PanelFormat.U4:
                Words(rows, at + 4, 4, numbers);
                return Scales(rows, at, scales) & Scales(rows, at + 2, scales + 32);
            case PanelFormat.Q4K or PanelFormat.Q5K:
                Words(rows, at + 16, format == PanelFormat.Q4K ? 32 : 40, numbers);
                for (int lane = 0; lane < Outputs; lane++) SubScales(rows[lane] + at + 4, scales + lane);
                return Scales(rows, at, scales) & Scales(rows, at + 2, scales + 32);
            default:
                for (int half = 0; half < 2; half++)
                {
                    Words(rows, at + 64 * half, 16, numbers + 384 * half);
                    Words(rows, at + 128 + 32 * half, 8, numbers + 384 * half + 256);
                }
                for (int j = 0; j < 16; j++)
                    for (int lane = 0; lane < Outputs; lane++) scales[32 + 16 * j + lane] = rows[lane][at + 192 + j];
                return Scales(rows, at + 208, scales);
        }
    }

    private static void Words(byte** rows, int at, int count, uint* to, uint flip = 0)
    {
        for (int i = 0; i < count; i++, at += 4, to += Outputs)
            for (int lane = 0; lane < Outputs; lane++) to[lane] = Unsafe.ReadUnaligned<uint>(rows[lane] + at) ^ flip;
    }

    // Output o in the lower and o + 8 in the upper half of a word; two inputs a turn.
    private static bool Halves(byte** rows, int count, uint* to)
    {
        uint special = 0;
        for (int k = 0; k + 1 < count; k += 2, to += Outputs)
        {
            for (int lane = 0; lane < Outputs / 2; lane++)
            {
                uint low = Unsafe.ReadUnaligned<uint>(rows[lane] + 2 * k), high = Unsafe.ReadUnaligned<uint>(rows[lane + 8] + 2 * k);
                special |= Special(low) | Special(high);
                to[lane] = (low & 0xFFFF) | high << 16;
                to[lane + 8] = low >> 16 | (high & 0xFFFF0000);
            }
        }
        for (int lane = 0; lane < Outputs / 2 && count % 2 != 0; lane++)
        {
            uint low = Unsafe.ReadUnaligned<ushort>(rows[lane] + 2 * (count - 1)), high = Unsafe.ReadUnaligned<ushort>(rows[lane + 8] + 2 * (count - 1));
            special |= Special(low) | Special(high);
            to[lane] = low | high << 16;
        }
        return (special & 0x80008000) == 0;
    }

    // The top bit of each half is set if its binary16 exponent is the largest, that of infinities and NaN.
    private static uint Special(uint halves) => (halves & 0x7C007C00) + 0x04000400;

    private static bool Widen(DType dtype, byte** rows, int inDim, float* to)
    {
        float[] values = new float[inDim];
        for (int lane = 0; lane < Outputs; lane++)
        {
            BlockFormats.Dequantize(dtype, new ReadOnlySpan<byte>(rows[lane], (int)dtype.RowBytes(inDim)), values);
            for (int k = 0; k < inDim; k++) to[k * Outputs + lane] = values[k];
        }
        return true;
    }

    private static void Bytes(DType dtype, byte** rows, int at, int offset, byte* numbers)
    {
        Span<short> n = stackalloc short[PanelLayout.Block];
        float scale = 0, minimum = 0;
        for (int lane = 0; lane < Outputs; lane++)
        {
            ReadOnlySpan<byte> block = new(rows[lane] + at, dtype.BlockBytes());
            BlockFormats.Unpack(dtype, block, n, new Span<float>(ref scale), new Span<float>(ref minimum));
            for (int k = 0; k < PanelLayout.Block; k++) numbers[64 * (k / 4) + 4 * lane + k % 4] = (byte)(n[k] + offset);
        }
    }

    private static bool Scales(byte** rows, int at, byte* scales)
    {
        bool finite = true;
        for (int lane = 0; lane < Outputs; lane++)
        {
            ushort bits = Unsafe.ReadUnaligned<ushort>(rows[lane] + at);
            ((ushort*)scales)[PanelLayout.PairIndex(lane)] = bits;
            finite &= (bits & 0x7C00) != 0x7C00;
        }
        return finite;
    }

    private static void SubScales(byte* packed, byte* scales)
    {
        for (int j = 0; j < 8; j++)
        {
            scales[64 + 16 * j] = (byte)(j < 4 ? packed[j] & 63 : (packed[j + 4] & 15) | (packed[j - 4] >> 6) << 4);
            scales[192 + 16 * j] = (byte)(j < 4 ? packed[j + 4] & 63 : (packed[j + 4] >> 4) | (packed[j] >> 6) << 4);
        }
    }
}
