using System.Runtime.CompilerServices;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>
/// Matrix products of signed bytes where the processor sums pairs of products in 16 bits, which unsigned bytes would overflow. Either the
/// sign goes to the activations, or bytes, which are stored plus 128, are widened to 16 bits once for all rows of a tile; both sums are exact.
/// </summary>
internal readonly unsafe struct SignedByteKernels<TBytes, TLanes> : ITileKernel
    where TBytes : unmanaged, IBytes<TBytes, TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>Rows of a tile up to which the sign goes to the activations, where it can; more rows share the widening.</summary>
    public const int MostSigned = 2;

    private const int Block = PanelLayout.Block, Outputs = PanelLayout.Outputs;

    public static int TileRows => TBytes.TileRows;

    public static int SliceInputs => 256; // 4 KB of signed bytes and 2 KB of activations: with the sums of all rows they leave room for what comes next

    public static int TurnBytes => 64;

    public static long NumberBytes(int inputs) => (long)inputs / Block * PanelFormat.S8.UnitBytes();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile<TRows>(PanelCall* call, int panel, int row)
        where TRows : unmanaged, IRowCount
    {
        int blocks = call->InDim / Block, first = call->Begin / Block, count = (call->End - call->Begin) / Block;
        byte* numbers = call->Panel + panel * call->PanelBytes, scales = numbers + (long)blocks * PanelFormat.S8.UnitBytes();
        numbers += NumberBytes(call->Begin);
        scales += first * PanelFormat.S8.UnitScaleBytes();
        float* sums = call->SumsOf(panel, row);
        QuantizedRows x = call->Quantized.From(row, call->InDim);
        float* xScale = x.Scale + first * sizeof(TRows);
        bool sign = TBytes.HasSign && sizeof(TRows) <= MostSigned;
        int group = sign ? 4 : 8; // bytes of a row's activations for four inputs
        byte* q = (sign ? (byte*)x.Q : (byte*)x.Wide) + (long)call->Begin / 4 * group * sizeof(TRows);
        if (call->Begin == 0)
            for (int r = 0; r < sizeof(TRows); r++) TLanes.Create(0).Store(sums + r * Outputs);
        int* offset = x.ByteOffsets + first * sizeof(TRows);
        byte* ahead = call->Ahead;
        nint step = call->AheadStep;
        TBytes ones = TBytes.Create(call->WordOnes), even = TBytes.Create(call->EvenMask), signs = TBytes.Create(call->SignBits);
        for (; count > 0; count--, scales += PanelFormat.S8.UnitScaleBytes(), xScale += sizeof(TRows), offset += sizeof(TRows))
        {
            TBytes zero = TBytes.Create(0), a = zero, b = zero, c = zero, d = zero, e = zero, f = zero;
            if (!sign)
            {
                a = TBytes.Broadcast(offset);
                if (sizeof(TRows) > 1) b = TBytes.Broadcast(offset + 1);
                if (sizeof(TRows) > 2) c = TBytes.Broadcast(offset + 2);
                if (sizeof(TRows) > 3) d = TBytes.Broadcast(offset + 3);
                if (sizeof(TRows) > 4) e = TBytes.Broadcast(offset + 4);
                if (sizeof(TRows) > 5) f = TBytes.Broadcast(offset + 5);
            }
            for (int g = 0; g < 8; g++, numbers += 64, q += group * sizeof(TRows), ahead += step)
            {
                TBytes w = TBytes.Load(numbers), u, v;
                Prefetch.Line(ahead);
                if (sign)
                {
                    w ^= signs;
                    u = TBytes.Magnitudes(w);
                    a = TBytes.AddSignedProducts(a, w, u, TBytes.Broadcast(q + 0), ones);
                    if (sizeof(TRows) > 1) b = TBytes.AddSignedProducts(b, w, u, TBytes.Broadcast(q + 4), ones);
                    continue;
                }
                u = w & even;
                v = TBytes.OddBytes(w);
                a = Add(a, u, v, q + 0);
                if (sizeof(TRows) > 1) b = Add(b, u, v, q + 8);
                if (sizeof(TRows) > 2) c = Add(c, u, v, q + 16);
                if (sizeof(TRows) > 3) d = Add(d, u, v, q + 24);
                if (sizeof(TRows) > 4) e = Add(e, u, v, q + 32);
                if (sizeof(TRows) > 5) f = Add(f, u, v, q + 40);
            }
            TLanes scale = TLanes.LoadHalfPairs(scales);
            Finish(a, sums + 0 * Outputs, scale, xScale[0]);
            if (sizeof(TRows) > 1) Finish(b, sums + 1 * Outputs, scale, xScale[1]);
            if (sizeof(TRows) > 2) Finish(c, sums + 2 * Outputs, scale, xScale[2]);
            if (sizeof(TRows) > 3) Finish(d, sums + 3 * Outputs, scale, xScale[3]);
            if (sizeof(TRows) > 4) Finish(e, sums + 4 * Outputs, scale, xScale[4]);
            if (sizeof(TRows) > 5) Finish(f, sums + 5 * Outputs, scale, xScale[5]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TBytes Add(TBytes sums, TBytes even, TBytes odd, byte* x)
    {
        sums = TBytes.AddWordProducts(sums, even, TBytes.Broadcast(x));
        return TBytes.AddWordProducts(sums, odd, TBytes.Broadcast(x + 4));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(TBytes sum, float* to, TLanes scale, float xScale) =>
        TLanes.Fma(TBytes.ToFloat(sum), scale * TLanes.Create(xScale), TLanes.Load(to)).Store(to);
}
