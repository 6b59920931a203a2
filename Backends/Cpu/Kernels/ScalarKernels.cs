namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Matrix products as docs/numerics.md defines them, one operation after another.</summary>
internal static unsafe class ScalarKernels
{
    public static void Plain(PanelFormat format, PanelCall* call)
    {
        for (int panel = 0; panel < call->Panels; panel++)
        {
            for (int row = 0; row < call->Rows; row++)
            {
                for (int lane = 0; lane < PanelLayout.Outputs; lane++) call->SumsOf(panel, row)[lane] = Plain(format, call, panel, row, lane);
            }
        }
    }

    public static void Blocks(PanelFormat format, PanelCall* call)
    {
        for (int panel = 0; panel < call->Panels; panel++) Blocks(format, call, panel);
    }

    private static float Plain(PanelFormat format, PanelCall* call, int panel, int row, int lane)
    {
        byte* numbers = call->Panel + panel * call->PanelBytes;
        float* x = call->X[row];
        float sum = 0;
        for (int k = 0; k < call->InDim; k++) sum = MathF.FusedMultiplyAdd(x[k], PanelLayout.PlainValue(format, numbers, k, lane), sum);
        return sum;
    }

    private static void Blocks(PanelFormat format, PanelCall* call, int panel)
    {
        short* n = stackalloc short[PanelLayout.Block];
        byte* numbers = call->Panel + panel * call->PanelBytes;
        for (int row = 0; row < call->Rows; row++) new Span<float>(call->SumsOf(panel, row), PanelLayout.Outputs).Clear();
        for (int block = 0; block < call->InDim / PanelLayout.Block; block++)
        {
            for (int lane = 0; lane < PanelLayout.Outputs; lane++)
            {
                PanelLayout.UnpackBlock(format, numbers, block, lane, n, out float scale, out float minimum);
                for (int row = 0; row < call->Rows; row++)
                {
                    QuantizedRows x = call->Quantized.From(row, call->InDim);
                    ref float sum = ref call->SumsOf(panel, row)[lane];
                    sum = MathF.FusedMultiplyAdd(Dot(n, x.Q + block * PanelLayout.Block), scale * x.Scale[block], sum);
                    if (format.HasMinimum()) sum = MathF.FusedMultiplyAdd(minimum, x.ScaledSum[block], sum);
                }
            }
        }
    }

    /// <summary>Quantises one row of a tile of <paramref name="rows"/>.</summary>
    public static void Quantize(float* x, int count, int rows, QuantizedRows to)
    {
        for (int block = 0; block < count / PanelLayout.Block; block++, x += PanelLayout.Block)
        {
            int largest = 0; // magnitudes order as their bits do, NaN above infinity
            for (int k = 0; k < PanelLayout.Block; k++) largest = Math.Max(largest, BitConverter.SingleToInt32Bits(x[k]) & 0x7FFFFFFF);
            (float scale, float inverse) = Scales(largest);
            int first = 0, second = 0, low = 0; // sums of the two halves, and of elements k with k mod 4 below 2
            for (int k = 0; k < PanelLayout.Block; k++)
            {
                int q = inverse == 0 ? 0 : (int)MathF.Round(x[k] * inverse);
                Put(to, rows, block * PanelLayout.Block + k, q);
                if (k < 16) first += q;
                else second += q;
                if (k % 4 < 2) low += q;
            }
            Finish(to, block * rows, scale, first, second, low);
        }
    }

    /// <summary>The scale of a block and what to multiply its elements by, from the bits of its largest magnitude.</summary>
    public static (float Scale, float Inverse) Scales(int largestBits)
    {
        if (largestBits >= 0x7F800000) return (float.NaN, 0);
        float largest = BitConverter.Int32BitsToSingle(largestBits);
        return largest < SmallestMagnitude ? (0, 0) : (largest / 127f, 127f / largest);
    }

    public static void Finish(QuantizedRows to, int at, float scale, int firstHalf, int secondHalf, int lowPairs)
    {
        int highPairs = firstHalf + secondHalf - lowPairs;
        to.Scale[at] = scale;
        to.ScaledSum[at] = scale * (firstHalf + secondHalf);
        to.HalfSums[at] = (firstHalf & 0xFFFF) | secondHalf << 16;
        to.ByteOffsets[at] = -128 * (firstHalf + secondHalf);
        to.NibbleOffsets[at] = (-8 * lowPairs & 0xFFFF) | -8 * highPairs << 16;
    }

    public const float SmallestMagnitude = 7.888609e-31f; // 2^-100

    private static void Put(QuantizedRows to, int rows, int k, int q)
    {
        int group = (k & ~3) * rows;
        to.Q[group + (k & 3)] = (sbyte)q;
    }

    private static int Dot(short* n, sbyte* q)
    {
        int sum = 0;
        for (int k = 0; k < PanelLayout.Block; k++) sum += n[k] * q[k];
        return sum;
    }
}
