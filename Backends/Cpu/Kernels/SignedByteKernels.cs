using System.Runtime.CompilerServices;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>
/// Matrix products of signed bytes, which are stored plus 128, where the processor sums pairs of products in 16 bits, which unsigned bytes
/// would overflow: magnitudes are multiplied instead, and the sign goes to the activations. Sums are exact.
/// </summary>
/// <remarks>
/// Negating an activation takes a multiplier's turn or a mask; flipping its bits (−x − 1) takes neither, and what a sum then lacks, the
/// magnitudes of negative numbers, is the same for all rows. Where several tiles go over a slice, numbers are taken apart once for all.
/// </remarks>
internal readonly unsafe struct SignedByteKernels<TBytes, TLanes> : ITileKernel
    where TBytes : unmanaged, IBytes<TBytes, TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    private const int Block = PanelLayout.Block, Outputs = PanelLayout.Outputs, SumStride = PanelCall.SumStride, UnitBytes = Outputs * Block, ScaleBytes = 2 * Outputs, UnitStride = UnitBytes + ScaleBytes;

    public static int TilePanels => 1;

    // 16 KB of what bytes are taken apart to and 2 to 4 KB of activations leave room for what comes next.
    public static int SliceInputs
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 512;
    }

    public static int TurnBytes => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long SpanBytes(int inputs) => (long)inputs / Block * UnitStride;

    // Of every 64 bytes their magnitudes and which are negative, then for every block what flipped products lack.
    public static int UnpackedBytes => SliceInputs * Outputs * 2 + SliceInputs / Block * 4 * Outputs;

    private static int MostSigned
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TBytes.MostSigned;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(PanelCall* call, int panel)
    {
        byte* n = call->Panel + panel * call->PanelBytes + SpanBytes(call->Begin), to = call->Unpacked, lacking = to + SliceInputs * Outputs * 2;
        TBytes signs = TBytes.Create(call->SignBits), ones = TBytes.Create(call->WordOnes), all = TBytes.Create(call->AllBits);
        for (int count = (call->End - call->Begin) / Block; count > 0; count--, n += ScaleBytes, lacking += 4 * Outputs)
        {
            TBytes sum = TBytes.Create(0);
            for (int g = 0; g < 8; g++, n += 64, to += 128)
            {
                TBytes w = TBytes.Load(n), negative = TBytes.BelowHalf(w, all), magnitudes = TBytes.Magnitudes(w ^ signs);
                TBytes.AddProducts(ref sum, magnitudes, negative);
                magnitudes.Store(to);
                negative.Store(to + 64);
            }
            TBytes.Subtract(TBytes.Create(0), TBytes.WordProducts(sum, ones)).Store(lacking);
        }
    }

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
        bool streams = sizeof(TReading) == sizeof(Streams), flips = !streams || sizeof(TRows) > MostSigned;
        sbyte* q = x.Q + (long)call->Begin * sizeof(TRows);
        int panels = streams ? call->Panels - panel : 1;
        if (call->Begin == 0)
            for (int r = 0; r < sizeof(TRows); r++)
                for (int p = 0; p < panels; p++) TLanes.Create(0).Store(sums + r * SumStride + p * Outputs);
        byte* ahead = call->Ahead, unpacked = call->Unpacked, start = unpacked + SliceInputs * Outputs * 2;
        nint step = call->AheadStep, lead = panels > 1 ? Prefetch.StreamDistance : Prefetch.Distance;
        TBytes ones = TBytes.Create(call->WordOnes), signs = TBytes.Create(call->SignBits), all = TBytes.Create(call->AllBits);
        for (; count > 0; count--, numbers += UnitStride, q += Block * sizeof(TRows), xScale += sizeof(TRows))
        {
            byte* n = numbers;
            float* to = sums;
            if (streams && count == (Prefetch.StreamDistance + UnitStride - 1) / UnitStride) lead += (panels - 1) * (nint)call->PanelBytes;
            for (int p = panels; ; n += call->PanelBytes - UnitBytes, to += Outputs)
            {
                TBytes zero = TBytes.Create(0), a = zero, b = zero, c = zero, d = zero, e = zero, f = zero, g = zero, h = zero, lacking = zero;
                if (!streams)
                {
                    a = TBytes.Load(start);
                    if (sizeof(TRows) > 1) b = a;
                    if (sizeof(TRows) > 2) c = a;
                    if (sizeof(TRows) > 3) d = a;
                    if (sizeof(TRows) > 4) e = a;
                    if (sizeof(TRows) > 5) f = a;
                    if (sizeof(TRows) > 6) g = a;
                    if (sizeof(TRows) > 7) h = a;
                    start += 4 * Outputs;
                }
                sbyte* x0 = q;
                for (int group = 0; group < 8; group++, n += 64, unpacked += 128, x0 += 4 * sizeof(TRows))
                {
                    TBytes w, u;
                    if (streams) Prefetch.Line(n + lead);
                    else Prefetch.Line(ahead);
                    if (!streams) ahead += step;
                    if (!streams)
                    {
                        u = TBytes.Load(unpacked);
                        w = TBytes.Load(unpacked + 64);
                    }
                    else
                    {
                        w = TBytes.Load(n);
                        u = TBytes.Magnitudes(w ^ signs);
                        w = flips ? TBytes.BelowHalf(w, all) : w ^ signs;
                    }
                    if (flips)
                    {
                        if (streams) TBytes.AddProducts(ref lacking, u, w);
                        TBytes.AddFlippedProducts(ref a, w, u, x0 + 0, ones);
                        if (sizeof(TRows) > 1) TBytes.AddFlippedProducts(ref b, w, u, x0 + 4, ones);
                        if (sizeof(TRows) > 2) TBytes.AddFlippedProducts(ref c, w, u, x0 + 8, ones);
                        if (sizeof(TRows) > 3) TBytes.AddFlippedProducts(ref d, w, u, x0 + 12, ones);
                        if (sizeof(TRows) > 4) TBytes.AddFlippedProducts(ref e, w, u, x0 + 16, ones);
                        if (sizeof(TRows) > 5) TBytes.AddFlippedProducts(ref f, w, u, x0 + 20, ones);
                        if (sizeof(TRows) > 6) TBytes.AddFlippedProducts(ref g, w, u, x0 + 24, ones);
                        if (sizeof(TRows) > 7) TBytes.AddFlippedProducts(ref h, w, u, x0 + 28, ones);
                        continue;
                    }
                    TBytes.AddSignedProducts(ref a, w, u, x0 + 0, ones);
                    if (sizeof(TRows) > 1) TBytes.AddSignedProducts(ref b, w, u, x0 + 4, ones);
                    if (sizeof(TRows) > 2) TBytes.AddSignedProducts(ref c, w, u, x0 + 8, ones);
                    if (sizeof(TRows) > 3) TBytes.AddSignedProducts(ref d, w, u, x0 + 12, ones);
                }
                if (flips && streams) lacking = TBytes.WordProducts(lacking, ones);
                if (streams) Prefetch.Line(n + lead);
                TLanes scale = TLanes.LoadHalfPairs(n);
                Finish(flips && streams ? TBytes.Subtract(a, lacking) : a, to + 0 * SumStride, scale, xScale + 0);
                if (sizeof(TRows) > 1) Finish(flips && streams ? TBytes.Subtract(b, lacking) : b, to + 1 * SumStride, scale, xScale + 1);
                if (sizeof(TRows) > 2) Finish(flips && streams ? TBytes.Subtract(c, lacking) : c, to + 2 * SumStride, scale, xScale + 2);
                if (sizeof(TRows) > 3) Finish(flips && streams ? TBytes.Subtract(d, lacking) : d, to + 3 * SumStride, scale, xScale + 3);
                if (sizeof(TRows) > 4) Finish(flips && streams ? TBytes.Subtract(e, lacking) : e, to + 4 * SumStride, scale, xScale + 4);
                if (sizeof(TRows) > 5) Finish(flips && streams ? TBytes.Subtract(f, lacking) : f, to + 5 * SumStride, scale, xScale + 5);
                if (sizeof(TRows) > 6) Finish(flips && streams ? TBytes.Subtract(g, lacking) : g, to + 6 * SumStride, scale, xScale + 6);
                if (sizeof(TRows) > 7) Finish(flips && streams ? TBytes.Subtract(h, lacking) : h, to + 7 * SumStride, scale, xScale + 7);
                if (!streams || --p == 0) break;
            }
            if (!streams) ahead += (nint)((nuint)step * ScaleBytes / (UnitBytes / 8));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(TBytes sum, float* to, TLanes scale, float* xScale) =>
        TBytes.AddTo(to, sum, scale, xScale).Store(to);
}
