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

    private const int Block = PanelLayout.Block, Outputs = PanelLayout.Outputs, SumStride = PanelCall.SumStride, UnitBytes = Outputs * Block, ScaleBytes = 2 * Outputs, UnitStride = UnitBytes + ScaleBytes;

    public static int TileRows => TBytes.TileRows;

    public static int SliceInputs => 256; // 4 KB of signed bytes and 2 KB of activations: with the sums of all rows they leave room for what comes next

    public static int TurnBytes => 64;

    public static long SpanBytes(int inputs) => (long)inputs / Block * UnitStride;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile<TRows, TReading>(PanelCall* call, int panel, int row)
        where TRows : unmanaged, IRowCount
        where TReading : unmanaged, IReading
    {
        int first = call->Begin / Block, count = (call->End - call->Begin) / Block;
        byte* numbers = call->Panel + panel * call->PanelBytes + SpanBytes(call->Begin);
        float* sums = call->SumsOf(panel, row);
        QuantizedRows x = call->Quantized.From(row, call->InDim);
        float* xScale = x.Scale + first * sizeof(TRows);
        bool sign = TBytes.HasSign && sizeof(TRows) <= MostSigned, streams = sizeof(TReading) == sizeof(Streams);
        int group = sign ? 4 : 8; // bytes of a row's activations for four inputs
        byte* q = (sign ? (byte*)x.Q : (byte*)x.Wide) + (long)call->Begin / 4 * group * sizeof(TRows);
        int panels = streams ? call->Panels - panel : 1;
        if (call->Begin == 0)
            for (int r = 0; r < sizeof(TRows); r++)
                for (int p = 0; p < panels; p++) TLanes.Create(0).Store(sums + r * SumStride + p * Outputs);
        int* offset = x.ByteOffsets + first * sizeof(TRows);
        byte* ahead = call->Ahead;
        nint step = call->AheadStep, lead = Prefetch.Distance;
        TBytes ones = TBytes.Create(call->WordOnes), even = TBytes.Create(call->EvenMask), signs = TBytes.Create(call->SignBits);
        for (; count > 0; count--, numbers += UnitStride, q += 8 * group * sizeof(TRows), xScale += sizeof(TRows), offset += sizeof(TRows))
        {
            byte* n = numbers;
            float* to = sums;
            if (streams && count == Prefetch.Distance / UnitStride) lead += (panels - 1) * (nint)call->PanelBytes;
            for (int p = panels; ; n += call->PanelBytes - UnitBytes, to += Outputs)
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
                byte* qs = q;
                for (int g = 0; g < 8; g++, n += 64, qs += group * sizeof(TRows))
                {
                    TBytes w = TBytes.Load(n), u, v;
                    if (streams) Prefetch.Line(n + lead);
                    else Prefetch.Line(ahead);
                    if (!streams) ahead += step;
                    if (sign)
                    {
                        w ^= signs;
                        u = TBytes.Magnitudes(w);
                        a = TBytes.AddSignedProducts(a, w, u, TBytes.Broadcast(qs + 0), ones);
                        if (sizeof(TRows) > 1) b = TBytes.AddSignedProducts(b, w, u, TBytes.Broadcast(qs + 4), ones);
                        continue;
                    }
                    u = w & even;
                    v = TBytes.OddBytes(w);
                    a = TBytes.AddWordProducts(TBytes.AddWordProducts(a, u, TBytes.Broadcast(qs + 0)), v, TBytes.Broadcast(qs + 4));
                    if (sizeof(TRows) > 1) b = TBytes.AddWordProducts(TBytes.AddWordProducts(b, u, TBytes.Broadcast(qs + 8)), v, TBytes.Broadcast(qs + 12));
                    if (sizeof(TRows) > 2) c = TBytes.AddWordProducts(TBytes.AddWordProducts(c, u, TBytes.Broadcast(qs + 16)), v, TBytes.Broadcast(qs + 20));
                    if (sizeof(TRows) > 3) d = TBytes.AddWordProducts(TBytes.AddWordProducts(d, u, TBytes.Broadcast(qs + 24)), v, TBytes.Broadcast(qs + 28));
                    if (sizeof(TRows) > 4) e = TBytes.AddWordProducts(TBytes.AddWordProducts(e, u, TBytes.Broadcast(qs + 32)), v, TBytes.Broadcast(qs + 36));
                    if (sizeof(TRows) > 5) f = TBytes.AddWordProducts(TBytes.AddWordProducts(f, u, TBytes.Broadcast(qs + 40)), v, TBytes.Broadcast(qs + 44));
                }
                if (streams) Prefetch.Line(n + lead);
                TLanes scale = TLanes.LoadHalfPairs(n);
                Finish(a, to + 0 * SumStride, scale, xScale[0]);
                if (sizeof(TRows) > 1) Finish(b, to + 1 * SumStride, scale, xScale[1]);
                if (sizeof(TRows) > 2) Finish(c, to + 2 * SumStride, scale, xScale[2]);
                if (sizeof(TRows) > 3) Finish(d, to + 3 * SumStride, scale, xScale[3]);
                if (sizeof(TRows) > 4) Finish(e, to + 4 * SumStride, scale, xScale[4]);
                if (sizeof(TRows) > 5) Finish(f, to + 5 * SumStride, scale, xScale[5]);
                if (!streams || --p == 0) break;
            }
            if (!streams) ahead += (nint)((nuint)step * ScaleBytes / (UnitBytes / 8));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(TBytes sum, float* to, TLanes scale, float xScale) =>
        TLanes.Fma(TBytes.ToFloat(sum), scale * TLanes.Create(xScale), TLanes.Load(to)).Store(to);
}
