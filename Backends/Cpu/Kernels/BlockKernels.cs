using System.Runtime.CompilerServices;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Matrix products of block formats: exact integer sums of a block in every lane, then one fused multiply-add per block.</summary>
/// <remarks>
/// A tile is one panel and up to six rows: numbers are unpacked once for its rows, and lie in the cache for the next tile of
/// the same panel. Lanes hold outputs; the chain over ascending blocks is that of <see cref="ScalarKernels"/> whatever the tile.
/// </remarks>
internal static unsafe class BlockKernels<TBytes, TLanes, TFormat>
    where TBytes : unmanaged, IBytes<TBytes, TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
    where TFormat : IBlockFormat
{
    private const int Block = PanelLayout.Block, Outputs = PanelLayout.Outputs;

    public static void Run(PanelCall* call)
    {
        for (int panel = 0; panel < call->Panels; panel++)
        {
            for (int row = 0, size; row < call->Rows; row += size)
            {
                size = RowTiles.Next(call->Rows - row, TBytes.TileRows);
                switch (size)
                {
                    case 1: Tile<Rows1>(call, panel, row); break;
                    case 2: Tile<Rows2>(call, panel, row); break;
                    case 3: Tile<Rows3>(call, panel, row); break;
                    case 4: Tile<Rows4>(call, panel, row); break;
                    case 5: Tile<Rows5>(call, panel, row); break;
                    default: Tile<Rows6>(call, panel, row); break;
                }
            }
        }
    }

    /// <summary>True if the products of a whole block can be summed as they come.</summary>
    private static bool SumsWhole
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => !TFormat.HalfScales && (!TBytes.Narrow || TFormat.SafeGroups == 8);
    }

    /// <summary>True if sums in 16 bits start from what the format's offset takes away; the result fits again, so nothing is lost between.</summary>
    private static bool StartsFromOffset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TBytes.Narrow && TFormat.PairedNibbles && TFormat.OffsetShift == 3;
    }

    /// <summary>Groups between two widenings, at most the four of a half.</summary>
    private static int Step
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TBytes.Narrow && TFormat.SafeGroups == 2 ? 2 : 4;
    }

    private static void Tile<TRows>(PanelCall* call, int panel, int row)
        where TRows : unmanaged, IRowCount
    {
        int inDim = call->InDim, blocks = inDim / Block, units = blocks / TFormat.Parts;
        byte* unit = call->Panel + panel * call->PanelBytes, scales = unit + (long)units * TFormat.UnitBytes;
        float* sums = call->SumsOf(panel, row);
        QuantizedRows x = call->Quantized.From(row, inDim);
        float* xScale = x.Scale, xScaledSum = x.ScaledSum;
        int* xHalfSums = x.HalfSums, xOffset = x.NibbleOffsets;
        sbyte* qa = x.Q, qb = qa + inDim, qc = qb + inDim, qd = qc + inDim, qe = qd + inDim, qf = qe + inDim;
        for (int r = 0; r < sizeof(TRows); r++) TLanes.Create(0).Store(sums + r * Outputs);
        TBytes nibble = TBytes.Create(call->NibbleMask);
        nint at = 0; // inputs before this group
        for (; units > 0; units--, unit += TFormat.UnitBytes, scales += TFormat.UnitScaleBytes)
        {
            TLanes unitScale = TLanes.LoadHalfPairs(scales), unitMinimum = default;
            if (TFormat.HasMinimum) unitMinimum = TLanes.LoadHalfPairs(scales + 32);
            for (int part = 0; part < TFormat.Parts; part++)
            {
                byte* numbers = unit + TFormat.Numbers(part), high = unit + TFormat.HighBits(part);
                TBytes shift = TBytes.Create(TFormat.Shift(part)), highShift = TBytes.Create(TFormat.HighShift(part));
                TBytes zero = TBytes.Create(0), a = zero, b = zero, c = zero, d = zero, e = zero, f = zero;
                if (TFormat.PairedNibbles)
                {
                    if (StartsFromOffset)
                    {
                        a = TBytes.Broadcast(xOffset + 0 * blocks);
                        if (sizeof(TRows) > 1) b = TBytes.Broadcast(xOffset + 1 * blocks);
                        if (sizeof(TRows) > 2) c = TBytes.Broadcast(xOffset + 2 * blocks);
                        if (sizeof(TRows) > 3) d = TBytes.Broadcast(xOffset + 3 * blocks);
                        if (sizeof(TRows) > 4) e = TBytes.Broadcast(xOffset + 4 * blocks);
                        if (sizeof(TRows) > 5) f = TBytes.Broadcast(xOffset + 5 * blocks);
                    }
                    for (int group = 0; group < 4; group++, numbers += 64, at += 4)
                    {
                        Prefetch.Ahead(numbers);
                        TBytes both = TBytes.Load(numbers), w = both & nibble;
                        TBytes v = TBytes.ShiftRight4(both) & nibble;
                        a = AddBoth(a, w, v, qa + at);
                        if (sizeof(TRows) > 1) b = AddBoth(b, w, v, qb + at);
                        if (sizeof(TRows) > 2) c = AddBoth(c, w, v, qc + at);
                        if (sizeof(TRows) > 3) d = AddBoth(d, w, v, qd + at);
                        if (sizeof(TRows) > 4) e = AddBoth(e, w, v, qe + at);
                        if (sizeof(TRows) > 5) f = AddBoth(f, w, v, qf + at);
                    }
                    at += 16;
                }
                else if (SumsWhole)
                {
                    for (int group = 0; group < 8; group++, numbers += 64, high += 64, at += 4)
                    {
                        Prefetch.Ahead(numbers);
                        TBytes w = TFormat.Unpack<TBytes, TLanes>(numbers, high, shift, highShift);
                        a = TBytes.AddProducts(a, w, TBytes.Broadcast(qa + at));
                        if (sizeof(TRows) > 1) b = TBytes.AddProducts(b, w, TBytes.Broadcast(qb + at));
                        if (sizeof(TRows) > 2) c = TBytes.AddProducts(c, w, TBytes.Broadcast(qc + at));
                        if (sizeof(TRows) > 3) d = TBytes.AddProducts(d, w, TBytes.Broadcast(qd + at));
                        if (sizeof(TRows) > 4) e = TBytes.AddProducts(e, w, TBytes.Broadcast(qe + at));
                        if (sizeof(TRows) > 5) f = TBytes.AddProducts(f, w, TBytes.Broadcast(qf + at));
                    }
                }
                else
                {
                    for (int group = 0; group < 8; group += Step)
                    {
                        TBytes na = zero, nb = zero, nc = zero, nd = zero, ne = zero, nf = zero;
                        for (int g = 0; g < Step; g++, numbers += 64, high += 64, at += 4)
                        {
                            Prefetch.Ahead(numbers);
                            TBytes w = TFormat.Unpack<TBytes, TLanes>(numbers, high, shift, highShift);
                            na = TBytes.AddProducts(na, w, TBytes.Broadcast(qa + at));
                            if (sizeof(TRows) > 1) nb = TBytes.AddProducts(nb, w, TBytes.Broadcast(qb + at));
                            if (sizeof(TRows) > 2) nc = TBytes.AddProducts(nc, w, TBytes.Broadcast(qc + at));
                            if (sizeof(TRows) > 3) nd = TBytes.AddProducts(nd, w, TBytes.Broadcast(qd + at));
                            if (sizeof(TRows) > 4) ne = TBytes.AddProducts(ne, w, TBytes.Broadcast(qe + at));
                            if (sizeof(TRows) > 5) nf = TBytes.AddProducts(nf, w, TBytes.Broadcast(qf + at));
                        }
                        TBytes factor = zero;
                        if (TFormat.HalfScales) factor = TBytes.LoadPairs((sbyte*)scales + 32 + Outputs * (2 * part + (group >> 2)));
                        a = TBytes.Add(a, Widen(na, factor));
                        if (sizeof(TRows) > 1) b = TBytes.Add(b, Widen(nb, factor));
                        if (sizeof(TRows) > 2) c = TBytes.Add(c, Widen(nc, factor));
                        if (sizeof(TRows) > 3) d = TBytes.Add(d, Widen(nd, factor));
                        if (sizeof(TRows) > 4) e = TBytes.Add(e, Widen(ne, factor));
                        if (sizeof(TRows) > 5) f = TBytes.Add(f, Widen(nf, factor));
                    }
                }
                TLanes scale = TFormat.PartScale(unitScale, scales, part), minimum = default;
                if (TFormat.HasMinimum) minimum = TFormat.PartMinimum(unitMinimum, scales, part);
                TBytes offset = TFormat.OffsetShift == 0 || StartsFromOffset ? zero : Offset(scales, part);
                Finish(a, sums + 0 * Outputs, xScale + 0 * blocks, xScaledSum + 0 * blocks, xHalfSums + 0 * blocks, scale, minimum, offset);
                if (sizeof(TRows) > 1) Finish(b, sums + 1 * Outputs, xScale + 1 * blocks, xScaledSum + 1 * blocks, xHalfSums + 1 * blocks, scale, minimum, offset);
                if (sizeof(TRows) > 2) Finish(c, sums + 2 * Outputs, xScale + 2 * blocks, xScaledSum + 2 * blocks, xHalfSums + 2 * blocks, scale, minimum, offset);
                if (sizeof(TRows) > 3) Finish(d, sums + 3 * Outputs, xScale + 3 * blocks, xScaledSum + 3 * blocks, xHalfSums + 3 * blocks, scale, minimum, offset);
                if (sizeof(TRows) > 4) Finish(e, sums + 4 * Outputs, xScale + 4 * blocks, xScaledSum + 4 * blocks, xHalfSums + 4 * blocks, scale, minimum, offset);
                if (sizeof(TRows) > 5) Finish(f, sums + 5 * Outputs, xScale + 5 * blocks, xScaledSum + 5 * blocks, xHalfSums + 5 * blocks, scale, minimum, offset);
                xScale++;
                xScaledSum++;
                xHalfSums++;
                xOffset++;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TBytes AddBoth(TBytes sums, TBytes low, TBytes high, sbyte* q) =>
        TBytes.AddProducts(TBytes.AddProducts(sums, low, TBytes.Broadcast(q)), high, TBytes.Broadcast(q + 16));

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
        TLanes total = TLanes.Fma(TBytes.ToFloat(sum), scale * TLanes.Create(*xScale), TLanes.Load(to));
        if (TFormat.HasMinimum) total = TLanes.Fma(minimum, TLanes.Create(TFormat.SubtractsMinimum ? -*xScaledSum : *xScaledSum), total);
        total.Store(to);
    }
}
