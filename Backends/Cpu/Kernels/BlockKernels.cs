using System.Runtime.CompilerServices;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Matrix products of block formats: exact integer sums of a block in every lane, then one fused multiply-add per block.</summary>
/// <remarks>
/// A tile is one panel and up to eight rows: numbers are unpacked once for its rows, and lie in the cache for the next tile of
/// the same panel. Lanes hold outputs; the chain over ascending blocks is that of <see cref="ScalarKernels"/> whatever the tile.
/// </remarks>
internal readonly unsafe struct BlockKernels<TBytes, TLanes, TFormat> : ITileKernel
    where TBytes : unmanaged, IBytes<TBytes, TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
    where TFormat : IBlockFormat
{
    private const int Block = PanelLayout.Block, Outputs = PanelLayout.Outputs, SumStride = PanelCall.SumStride;

    public static int TilePanels => 1;

    // Large tiles have their numbers (9 to 34 KB) and activations (12 to 16 KB) streamed from the second-level cache: that costs less than to
    // begin and end four times as many.
    public static int SliceInputs => TBytes.TileRows > 4 ? 2048 : 512;

    public static int TurnBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.UnitBytes / (TFormat.Parts * (TFormat.PairedNibbles ? 4 : 8));
    }

    public static int UnpackedBytes => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(PanelCall* call, int panel)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long SpanBytes(int inputs) => (long)inputs / (Block * TFormat.Parts) * UnitStride;

    private static int UnitStride
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.UnitBytes + TFormat.UnitScaleBytes;
    }

    /// <summary>True if the products of a whole block can be summed as they come.</summary>
    private static bool SumsWhole
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => !TFormat.HalfScales && (!TBytes.Narrow || TFormat.SafeGroups == 8);
    }

    /// <summary>True if sums start from what the format's offset takes away. In 16 bits the result fits again, so nothing is lost between.</summary>
    private static bool StartsFromOffset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TBytes.Narrow ? TFormat.PairedNibbles && TFormat.OffsetShift == 3 : TFormat.OffsetShift == 7;
    }

    /// <summary>Groups between two widenings, at most the four of a half.</summary>
    private static int Step
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TBytes.Narrow && TFormat.SafeGroups == 2 ? 2 : 4;
    }

    /// <summary>How far ahead each of several streams is asked for.</summary>
    private static int StreamDistance
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.Parts == 1 ? Prefetch.StreamDistance : Prefetch.UnitDistance;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile<TRows, TReading>(PanelCall* call, int panel, int row)
        where TRows : unmanaged, IRowCount
        where TReading : unmanaged, IReading
    {
        bool streams = sizeof(TReading) == sizeof(Streams);
        int units = (call->End - call->Begin) / (Block * TFormat.Parts), panels = streams ? call->Panels - panel : 1;
        byte* unit = call->Panel + panel * call->PanelBytes + SpanBytes(call->Begin);
        float* sums = call->SumsOf(panel, row);
        QuantizedRows x = call->Quantized.From(row, call->InDim);
        int before = call->Begin / Block * sizeof(TRows);
        float* xScale = x.Scale + before, xScaledSum = x.ScaledSum + before;
        int* xHalfSums = x.HalfSums + before, xOffset = (TBytes.Narrow ? x.NibbleOffsets : x.ByteOffsets) + before;
        sbyte* x0 = x.Q + (long)call->Begin * sizeof(TRows);
        if (call->Begin == 0)
            for (int r = 0; r < sizeof(TRows); r++)
                for (int p = 0; p < panels; p++) TLanes.Create(0).Store(sums + r * SumStride + p * Outputs);
        byte* ahead = call->Ahead;
        nint lead = panels > 1 ? StreamDistance : Prefetch.Distance, step = streams ? UnitStride / (TFormat.UnitBytes / TurnBytes) : call->AheadStep;
        int stride = UnitStride;
        nint skip = (nint)((nuint)step * (nuint)TFormat.UnitScaleBytes / (nuint)TurnBytes);
        TBytes nibble = TBytes.Create(call->NibbleMask);
        for (; units > 0; units--, unit += stride)
        {
            TLanes unitScale = default, unitMinimum = default;
            if (!streams) unitScale = TLanes.LoadHalfPairs(unit + TFormat.UnitBytes);
            if (!streams && TFormat.HasMinimum) unitMinimum = Minimum(unit + TFormat.UnitBytes);
            if (streams && units == (StreamDistance + UnitStride - 1) / UnitStride) lead += (panels - 1) * (nint)call->PanelBytes;
            for (int part = 0; part < TFormat.Parts; part++)
            {
                byte* n = unit;
                float* to = sums;
                for (int p = panels; ; n += call->PanelBytes, to += Outputs)
                {
                    byte* numbers = n + TFormat.Numbers(part), high = n + TFormat.HighBits(part), scales = n + TFormat.UnitBytes;
                    sbyte* q = x0;
                    if (streams)
                    {
                        ahead = n + part * (UnitStride / TFormat.Parts) + lead;
                        unitScale = TLanes.LoadHalfPairs(scales);
                        if (TFormat.HasMinimum) unitMinimum = Minimum(scales);
                    }
                    TBytes shift = TBytes.Create(TFormat.Shift(part)), highShift = TBytes.Create(TFormat.HighShift(part));
                    TBytes zero = TBytes.Create(0), a = zero, b = zero, c = zero, d = zero, e = zero, f = zero, g = zero, h = zero;
                    if (StartsFromOffset)
                    {
                        a = TBytes.Broadcast(xOffset + 0);
                        if (sizeof(TRows) > 1) b = TBytes.Broadcast(xOffset + 1);
                        if (sizeof(TRows) > 2) c = TBytes.Broadcast(xOffset + 2);
                        if (sizeof(TRows) > 3) d = TBytes.Broadcast(xOffset + 3);
                        if (sizeof(TRows) > 4) e = TBytes.Broadcast(xOffset + 4);
                        if (sizeof(TRows) > 5) f = TBytes.Broadcast(xOffset + 5);
                        if (sizeof(TRows) > 6) g = TBytes.Broadcast(xOffset + 6);
                        if (sizeof(TRows) > 7) h = TBytes.Broadcast(xOffset + 7);
                    }
                    if (TFormat.PairedNibbles)
                    {
                        for (int group = 0; group < 4; group++, numbers += 64, q += 4 * sizeof(TRows))
                        {
                            ahead = Ask<TReading>(numbers + lead, ahead, step);
                            TBytes both = TBytes.Load(numbers), w = both & nibble;
                            TBytes v = TBytes.ShiftRight4(both) & nibble;
                            AddBoth(ref a, w, v, q + 0, q + 0 + 16 * sizeof(TRows));
                            if (sizeof(TRows) > 1) AddBoth(ref b, w, v, q + 4, q + 4 + 16 * sizeof(TRows));
                            if (sizeof(TRows) > 2) AddBoth(ref c, w, v, q + 8, q + 8 + 16 * sizeof(TRows));
                            if (sizeof(TRows) > 3) AddBoth(ref d, w, v, q + 12, q + 12 + 16 * sizeof(TRows));
                            if (sizeof(TRows) > 4) AddBoth(ref e, w, v, q + 16, q + 16 + 16 * sizeof(TRows));
                            if (sizeof(TRows) > 5) AddBoth(ref f, w, v, q + 20, q + 20 + 16 * sizeof(TRows));
                            if (sizeof(TRows) > 6) AddBoth(ref g, w, v, q + 24, q + 24 + 16 * sizeof(TRows));
                            if (sizeof(TRows) > 7) AddBoth(ref h, w, v, q + 28, q + 28 + 16 * sizeof(TRows));
                        }
                        q += 16 * sizeof(TRows);
                    }
                    else if (SumsWhole)
                    {
                        for (int group = 0; group < 8; group++, numbers += 64, high += 64, q += 4 * sizeof(TRows))
                        {
                            ahead = Ask<TReading>(numbers + lead, ahead, step);
                            TBytes w = TFormat.Unpack<TBytes, TLanes>(numbers, high, shift, highShift);
                            TBytes.AddProducts(ref a, w, q + 0);
                            if (sizeof(TRows) > 1) TBytes.AddProducts(ref b, w, q + 4);
                            if (sizeof(TRows) > 2) TBytes.AddProducts(ref c, w, q + 8);
                            if (sizeof(TRows) > 3) TBytes.AddProducts(ref d, w, q + 12);
                            if (sizeof(TRows) > 4) TBytes.AddProducts(ref e, w, q + 16);
                            if (sizeof(TRows) > 5) TBytes.AddProducts(ref f, w, q + 20);
                            if (sizeof(TRows) > 6) TBytes.AddProducts(ref g, w, q + 24);
                            if (sizeof(TRows) > 7) TBytes.AddProducts(ref h, w, q + 28);
                        }
                    }
                    else
                    {
                        for (int group = 0; group < 8; group += Step)
                        {
                            TBytes na = zero, nb = zero, nc = zero, nd = zero, ne = zero, nf = zero, ng = zero, nh = zero;
                            for (int next = 0; next < Step; next++, numbers += 64, high += 64, q += 4 * sizeof(TRows))
                            {
                                ahead = Ask<TReading>(numbers + lead, ahead, step);
                                TBytes w = TFormat.Unpack<TBytes, TLanes>(numbers, high, shift, highShift);
                                TBytes.AddProducts(ref na, w, q + 0);
                                if (sizeof(TRows) > 1) TBytes.AddProducts(ref nb, w, q + 4);
                                if (sizeof(TRows) > 2) TBytes.AddProducts(ref nc, w, q + 8);
                                if (sizeof(TRows) > 3) TBytes.AddProducts(ref nd, w, q + 12);
                                if (sizeof(TRows) > 4) TBytes.AddProducts(ref ne, w, q + 16);
                                if (sizeof(TRows) > 5) TBytes.AddProducts(ref nf, w, q + 20);
                                if (sizeof(TRows) > 6) TBytes.AddProducts(ref ng, w, q + 24);
                                if (sizeof(TRows) > 7) TBytes.AddProducts(ref nh, w, q + 28);
                            }
                            TBytes factor = zero;
                            if (TFormat.HalfScales) factor = TBytes.LoadPairs((sbyte*)scales + 32 + Outputs * (2 * part + (group >> 2)));
                            a = TBytes.Add(a, Widen(na, factor));
                            if (sizeof(TRows) > 1) b = TBytes.Add(b, Widen(nb, factor));
                            if (sizeof(TRows) > 2) c = TBytes.Add(c, Widen(nc, factor));
                            if (sizeof(TRows) > 3) d = TBytes.Add(d, Widen(nd, factor));
                            if (sizeof(TRows) > 4) e = TBytes.Add(e, Widen(ne, factor));
                            if (sizeof(TRows) > 5) f = TBytes.Add(f, Widen(nf, factor));
                            if (sizeof(TRows) > 6) g = TBytes.Add(g, Widen(ng, factor));
                            if (sizeof(TRows) > 7) h = TBytes.Add(h, Widen(nh, factor));
                        }
                    }
                    if (streams && TFormat.Parts == 1) Prefetch.Line(scales + lead);
                    TLanes scale = TFormat.PartScale(unitScale, scales, part), minimum = default;
                    if (TFormat.HasMinimum) minimum = TFormat.PartMinimum(unitMinimum, scales, part);
                    TBytes offset = TFormat.OffsetShift == 0 || StartsFromOffset ? zero : Offset(scales, part);
                    Finish(a, to + 0 * SumStride, xScale + 0, xScaledSum + 0, xHalfSums + 0, scale, minimum, offset);
                    if (sizeof(TRows) > 1) Finish(b, to + 1 * SumStride, xScale + 1, xScaledSum + 1, xHalfSums + 1, scale, minimum, offset);
                    if (sizeof(TRows) > 2) Finish(c, to + 2 * SumStride, xScale + 2, xScaledSum + 2, xHalfSums + 2, scale, minimum, offset);
                    if (sizeof(TRows) > 3) Finish(d, to + 3 * SumStride, xScale + 3, xScaledSum + 3, xHalfSums + 3, scale, minimum, offset);
                    if (sizeof(TRows) > 4) Finish(e, to + 4 * SumStride, xScale + 4, xScaledSum + 4, xHalfSums + 4, scale, minimum, offset);
                    if (sizeof(TRows) > 5) Finish(f, to + 5 * SumStride, xScale + 5, xScaledSum + 5, xHalfSums + 5, scale, minimum, offset);
                    if (sizeof(TRows) > 6) Finish(g, to + 6 * SumStride, xScale + 6, xScaledSum + 6, xHalfSums + 6, scale, minimum, offset);
                    if (sizeof(TRows) > 7) Finish(h, to + 7 * SumStride, xScale + 7, xScaledSum + 7, xHalfSums + 7, scale, minimum, offset);
                    if (!streams || --p == 0) break;
                }
                x0 += Block * sizeof(TRows);
                xScale += sizeof(TRows);
                xScaledSum += sizeof(TRows);
                xHalfSums += sizeof(TRows);
                xOffset += sizeof(TRows);
            }
            if (!streams) ahead += skip;
        }
    }

    // What is added: the sign changes here, once for all rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Minimum(byte* scales)
    {
        TLanes stored = TLanes.LoadHalfPairs(scales + 32);
        return TFormat.SubtractsMinimum ? stored * TLanes.Create(-1) : stored;
    }

    // Where parts share their bytes, what is asked for goes steadily through the unit instead of along with them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Ask<TReading>(byte* along, byte* ahead, nint step)
        where TReading : unmanaged, IReading
    {
        bool isAlong = sizeof(TReading) == sizeof(Streams) && TFormat.Parts == 1;
        Prefetch.Line(isAlong ? along : ahead);
        return isAlong ? ahead : ahead + step;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddBoth(ref TBytes sums, TBytes low, TBytes high, sbyte* q, sbyte* qHigh)
    {
        TBytes.AddProducts(ref sums, low, q);
        TBytes.AddProducts(ref sums, high, qHigh);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TBytes Widen(TBytes sums, TBytes factor) => TFormat.HalfScales ? TBytes.Widen(sums, factor) : TBytes.Widen(sums);

    // What each Σ q counts too much, before the shift: once, or as often as its half's scale says.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TBytes Offset(byte* scales, int part)
    {
        sbyte* half = (sbyte*)scales + 32 + 2 * Outputs * part;
        return TFormat.HalfScales ? TBytes.LoadPairs(half, half + Outputs) : TBytes.Create(0x00010001);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(TBytes products, float* to, float* xScale, float* xScaledSum, int* xHalfSums, TLanes scale, TLanes minimum, TBytes offset)
    {
        TBytes sum = SumsWhole ? TBytes.Widen(products) : products;
        if (TFormat.OffsetShift != 0 && !StartsFromOffset)
            sum = TBytes.SubtractShifted(sum, TBytes.WordProducts(offset, TBytes.Broadcast(xHalfSums)), TFormat.OffsetShift);
        TLanes total = TBytes.AddTo(to, sum, scale, xScale);
        if (TFormat.HasMinimum) total = TLanes.Fma(minimum, TLanes.Create(*xScaledSum), total);
        total.Store(to);
    }
}
