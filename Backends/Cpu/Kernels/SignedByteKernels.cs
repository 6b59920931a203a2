using System.Runtime.CompilerServices;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>
/// Matrix products of signed bytes where the processor sums pairs of products in 16 bits, which 127 · 128 would overflow: bytes are widened to
/// 16 bits, once for all rows of a tile, and products summed in 32.
/// </summary>
internal static unsafe class SignedByteKernels<TBytes, TLanes>
    where TBytes : unmanaged, IBytes<TBytes, TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
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

    private static void Tile<TRows>(PanelCall* call, int panel, int row)
        where TRows : struct, IRowCount
    {
        int inDim = call->InDim, blocks = inDim / Block;
        byte* numbers = call->Panel + panel * call->PanelBytes, scales = numbers + (long)blocks * PanelFormat.S8.UnitBytes();
        float* sums = call->SumsOf(panel, row);
        QuantizedRows x = call->Quantized.From(row, inDim);
        byte* qa = (byte*)x.Wide, qb = qa + 2 * inDim, qc = qb + 2 * inDim, qd = qc + 2 * inDim, qe = qd + 2 * inDim, qf = qe + 2 * inDim;
        for (int r = 0; r < TRows.Count; r++) TLanes.Create(0).Store(sums + r * Outputs);
        nint at = 0; // bytes of activations before this group
        for (int block = 0; block < blocks; block++, scales += 32)
        {
            TBytes zero = TBytes.Create(0), a = zero, b = zero, c = zero, d = zero, e = zero, f = zero;
            for (int group = 0; group < 8; group++, numbers += 64, at += 8)
            {
                TBytes w = TBytes.Load(numbers), even = TBytes.EvenBytes(w), odd = TBytes.OddBytes(w);
                a = Add(a, even, odd, qa + at);
                if (TRows.Count > 1) b = Add(b, even, odd, qb + at);
                if (TRows.Count > 2) c = Add(c, even, odd, qc + at);
                if (TRows.Count > 3) d = Add(d, even, odd, qd + at);
                if (TRows.Count > 4) e = Add(e, even, odd, qe + at);
                if (TRows.Count > 5) f = Add(f, even, odd, qf + at);
            }
            TLanes scale = TLanes.LoadHalfPairs(scales);
            Finish(a, sums + 0 * Outputs, scale, x.Scale[0 * blocks + block]);
            if (TRows.Count > 1) Finish(b, sums + 1 * Outputs, scale, x.Scale[1 * blocks + block]);
            if (TRows.Count > 2) Finish(c, sums + 2 * Outputs, scale, x.Scale[2 * blocks + block]);
            if (TRows.Count > 3) Finish(d, sums + 3 * Outputs, scale, x.Scale[3 * blocks + block]);
            if (TRows.Count > 4) Finish(e, sums + 4 * Outputs, scale, x.Scale[4 * blocks + block]);
            if (TRows.Count > 5) Finish(f, sums + 5 * Outputs, scale, x.Scale[5 * blocks + block]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TBytes Add(TBytes sums, TBytes even, TBytes odd, byte* x)
    {
        sums = TBytes.AddWordProducts(sums, even, TBytes.Create(*(int*)x));
        return TBytes.AddWordProducts(sums, odd, TBytes.Create(*(int*)(x + 4)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(TBytes sum, float* to, TLanes scale, float xScale) =>
        TLanes.Fma(TBytes.ToFloat(sum), scale * TLanes.Create(xScale), TLanes.Load(to)).Store(to);
}
