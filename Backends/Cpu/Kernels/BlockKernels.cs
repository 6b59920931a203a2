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

    /// <summary>Groups between two widenings, at most the four of a half.</summary>
    private static int Step
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TBytes.Narrow && TFormat.SafeGroups == 2 ? 2 : 4;
    }

    private static void Tile<TRows>(PanelCall* call, int panel, int row)
        where TRows : struct, IRowCount
    {
        int inDim = call->InDim, blocks = inDim / Block, units = blocks / TFormat.Parts;
        byte* unit = call->Panel + panel * call->PanelBytes, scales = unit + (long)units * TFormat.UnitBytes;
        float* sums = call->SumsOf(panel, row);
        QuantizedRows x = call->Quantized.From(row, inDim);
        sbyte* qa = x.Q, qb = qa + inDim, qc = qb + inDim, qd = qc + inDim, qe = qd + inDim, qf = qe + inDim;
        for (int r = 0; r < TRows.Count; r++) TLanes.Create(0).Store(sums + r * Outputs);
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
                    for (int group = 0; group < 4; group++, numbers += 64, at += 4)
                    {
                        TBytes both = TBytes.Load(numbers), w = both & TBytes.Create((byte)15);
                        TBytes v = TBytes.ShiftRight4(both) & TBytes.Create((byte)15);
                        a = AddBoth(a, w, v, qa + at);
                        if (TRows.Count > 1) b = AddBoth(b, w, v, qb + at);
                        if (TRows.Count > 2) c = AddBoth(c, w, v, qc + at);
                        if (TRows.Count > 3) d = AddBoth(d, w, v, qd + at);
                        if (TRows.Count > 4) e = AddBoth(e, w, v, qe + at);
                        if (TRows.Count > 5) f = AddBoth(f, w, v, qf + at);
                    }
                    at += 16;
                }
                else if (SumsWhole)
                {
                    for (int group = 0; group < 8; group++, numbers += 64, high += 64, at += 4)
                    {
                        TBytes w = TFormat.Unpack<TBytes, TLanes>(numbers, high, shift, highShift);
                        a = TBytes.AddProducts(a, w, TBytes.Broadcast(qa + at));
                        if (TRows.Count > 1) b = TBytes.AddProducts(b, w, TBytes.Broadcast(qb + at));
                        if (TRows.Count > 2) c = TBytes.AddProducts(c, w, TBytes.Broadcast(qc + at));
                        if (TRows.Count > 3) d = TBytes.AddProducts(d, w, TBytes.Broadcast(qd + at));
                        if (TRows.Count > 4) e = TBytes.AddProducts(e, w, TBytes.Broadcast(qe + at));
                        if (TRows.Count > 5) f = TBytes.AddProducts(f, w, TBytes.Broadcast(qf + at));
                    }
                }
                else
                {
                    for (int group = 0; group < 8; group += Step)
                    {
                        TBytes na = zero, nb = zero, nc = zero, nd = zero, ne = zero, nf = zero;
                        for (int g = 0; g < Step; g++, numbers += 64, high += 64, at += 4)
                        {
                            TBytes w = TFormat.Unpack<TBytes, TLanes>(numbers, high, shift, highShift);
                            na = TBytes.AddProducts(na, w, TBytes.Broadcast(qa + at));
                            if (TRows.Count > 1) nb = TBytes.AddProducts(nb, w, TBytes.Broadcast(qb + at));
                            if (TRows.Count > 2) nc = TBytes.AddProducts(nc, w, TBytes.Broadcast(qc + at));
                            if (TRows.Count > 3) nd = TBytes.AddProducts(nd, w, TBytes.Broadcast(qd + at));
                            if (TRows.Count > 4) ne = TBytes.AddProducts(ne, w, TBytes.Broadcast(qe + at));
                            if (TRows.Count > 5) nf = TBytes.AddProducts(nf, w, TBytes.Broadcast(qf + at));
                        }
                        TBytes factor = zero;
                        if (TFormat.HalfScales) factor = TBytes.LoadPairs((sbyte*)scales + 32 + Outputs * (2 * part + (group >> 2)));
                        a = TBytes.Add(a, Widen(na, factor));
                        if (TRows.Count > 1) b = TBytes.Add(b, Widen(nb, factor));
                        if (TRows.Count > 2) c = TBytes.Add(c, Widen(nc, factor));
                        if (TRows.Count > 3) d = TBytes.Add(d, Widen(nd, factor));
                        if (TRows.Count > 4) e = TBytes.Add(e, Widen(ne, factor));
                        if (TRows.Count > 5) f = TBytes.Add(f, Widen(nf, factor));
                    }
                }
                TLanes scale = TFormat.PartScale(unitScale, scales, part), minimum = default;
                if (TFormat.HasMinimum) minimum = TFormat.PartMinimum(unitMinimum, scales, part);
                TBytes offset = TFormat.OffsetShift == 0 ? zero : Offset(scales, part);
                Finish(a, sums + 0 * Outputs, x, 0 * blocks, scale, minimum, offset);
                if (TRows.Count > 1) Finish(b, sums + 1 * Outputs, x, 1 * blocks, scale, minimum, offset);
                if (TRows.Count > 2) Finish(c, sums + 2 * Outputs, x, 2 * blocks, scale, minimum, offset);
                if (TRows.Count > 3) Finish(d, sums + 3 * Outputs, x, 3 * blocks, scale, minimum, offset);
                if (TRows.Count > 4) Finish(e, sums + 4 * Outputs, x, 4 * blocks, scale, minimum, offset);
                if (TRows.Count > 5) Finish(f, sums + 5 * Outputs, x, 5 * blocks, scale, minimum, offset);
                x.NextBlock();
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
    private static void Finish(TBytes products, float* to, in QuantizedRows x, int block, TLanes scale, TLanes minimum, TBytes offset)
    {
        TBytes sum = SumsWhole ? TBytes.Widen(products) : products;
        if (TFormat.OffsetShift != 0) sum = TBytes.SubtractShifted(sum, TBytes.WordProducts(offset, TBytes.Create(x.HalfSums[block])), TFormat.OffsetShift);
        TLanes total = TLanes.Fma(TBytes.ToFloat(sum), scale * TLanes.Create(x.Scale[block]), TLanes.Load(to));
        if (TFormat.HasMinimum)
        {
            float scaledSum = x.ScaledSum[block];
            total = TLanes.Fma(minimum, TLanes.Create(TFormat.SubtractsMinimum ? -scaledSum : scaledSum), total);
        }
        total.Store(to);
    }
}
