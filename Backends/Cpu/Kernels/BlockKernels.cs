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
    private static bool SumsWhole => !TFormat.HalfScales && (!TBytes.Narrow || TFormat.SafeGroups == 8);

    /// <summary>Groups between two widenings, at most the four of a half.</summary>
    private static int Step => TBytes.Narrow && TFormat.SafeGroups == 2 ? 2 : 4;

    private static void Tile<TRows>(PanelCall* call, int panel, int row)
        where TRows : struct, IRowCount
    {
        int inDim = call->InDim, units = inDim / TFormat.Format.UnitInputs(), blocks = inDim / Block;
        byte* unitNumbers = call->Panel + panel * call->PanelBytes, scales = unitNumbers + (long)units * TFormat.Format.UnitBytes();
        float* sums = call->SumsOf(panel, row);
        QuantizedRows x = call->Quantized.From(row, inDim);
        sbyte* qa = x.Q, qb = qa + inDim, qc = qb + inDim, qd = qc + inDim, qe = qd + inDim, qf = qe + inDim;
        for (int r = 0; r < TRows.Count; r++) TLanes.Create(0).Store(sums + r * Outputs);
        nint at = 0; // inputs before this group
        for (int unit = 0; unit < units; unit++)
        {
            TLanes unitScale = TLanes.LoadHalfPairs(scales), unitMinimum = default;
            if (TFormat.Format.HasMinimum()) unitMinimum = TLanes.LoadHalfPairs(scales + 32);
            for (int part = 0; part < TFormat.Format.UnitInputs() / Block; part++)
            {
                TBytes zero = TBytes.Create(0), a = zero, b = zero, c = zero, d = zero, e = zero, f = zero;
                for (int half = 0; half < 2; half++)
                {
                    byte* numbers = unitNumbers + TFormat.Numbers(part, half), high = unitNumbers + TFormat.HighBits(part, half);
                    for (int group = 0; group < 4; group += Step)
                    {
                        TBytes na = SumsWhole ? a : zero, nb = SumsWhole ? b : zero, nc = SumsWhole ? c : zero;
                        TBytes nd = SumsWhole ? d : zero, ne = SumsWhole ? e : zero, nf = SumsWhole ? f : zero;
                        for (int g = 0; g < Step; g++, numbers += 64, high += 64, at += 4)
                        {
                            TBytes w = TFormat.Unpack<TBytes, TLanes>(numbers, high, part, half);
                            na = TBytes.AddProducts(na, w, TBytes.Create(*(int*)(qa + at)));
                            if (TRows.Count > 1) nb = TBytes.AddProducts(nb, w, TBytes.Create(*(int*)(qb + at)));
                            if (TRows.Count > 2) nc = TBytes.AddProducts(nc, w, TBytes.Create(*(int*)(qc + at)));
                            if (TRows.Count > 3) nd = TBytes.AddProducts(nd, w, TBytes.Create(*(int*)(qd + at)));
                            if (TRows.Count > 4) ne = TBytes.AddProducts(ne, w, TBytes.Create(*(int*)(qe + at)));
                            if (TRows.Count > 5) nf = TBytes.AddProducts(nf, w, TBytes.Create(*(int*)(qf + at)));
                        }
                        TBytes factor = TFormat.HalfScales ? TBytes.LoadPairs((sbyte*)scales + 32 + Outputs * (2 * part + half)) : zero;
                        a = Widen(a, na, factor);
                        if (TRows.Count > 1) b = Widen(b, nb, factor);
                        if (TRows.Count > 2) c = Widen(c, nc, factor);
                        if (TRows.Count > 3) d = Widen(d, nd, factor);
                        if (TRows.Count > 4) e = Widen(e, ne, factor);
                        if (TRows.Count > 5) f = Widen(f, nf, factor);
                    }
                }
                TLanes scale = TFormat.PartScale(unitScale, scales, part), minimum = default;
                if (TFormat.Format.HasMinimum()) minimum = TFormat.PartMinimum(unitMinimum, scales, part);
                TBytes offset = TFormat.OffsetShift == 0 ? zero : Offset(scales, part);
                x.Scale += 1;
                x.ScaledSum += 1;
                x.HalfSums += 1;
                Finish(a, sums + 0 * Outputs, x, 0 * blocks - 1, scale, minimum, offset);
                if (TRows.Count > 1) Finish(b, sums + 1 * Outputs, x, 1 * blocks - 1, scale, minimum, offset);
                if (TRows.Count > 2) Finish(c, sums + 2 * Outputs, x, 2 * blocks - 1, scale, minimum, offset);
                if (TRows.Count > 3) Finish(d, sums + 3 * Outputs, x, 3 * blocks - 1, scale, minimum, offset);
                if (TRows.Count > 4) Finish(e, sums + 4 * Outputs, x, 4 * blocks - 1, scale, minimum, offset);
                if (TRows.Count > 5) Finish(f, sums + 5 * Outputs, x, 5 * blocks - 1, scale, minimum, offset);
            }
            unitNumbers += TFormat.Format.UnitBytes();
            scales += TFormat.Format.UnitScaleBytes();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TBytes Widen(TBytes sums, TBytes more, TBytes factor)
    {
        if (SumsWhole) return more;
        return TBytes.Add(sums, TFormat.HalfScales ? TBytes.Widen(more, factor) : TBytes.Widen(more));
    }

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
        if (TFormat.Format.HasMinimum())
        {
            float scaledSum = x.ScaledSum[block];
            total = TLanes.Fma(minimum, TLanes.Create(TFormat.SubtractsMinimum ? -scaledSum : scaledSum), total);
        }
        total.Store(to);
    }
}
