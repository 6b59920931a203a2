using System.Runtime.CompilerServices;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>
/// Matrix products of signed bytes where the processor sums pairs of products in 16 bits, which unsigned bytes would overflow. Either the
/// sign goes to the activations, or bytes are widened to 16 bits once for all rows of a tile; both sums are exact.
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
        where TRows : unmanaged, IRowCount
    {
        int inDim = call->InDim, blocks = inDim / Block;
        byte* numbers = call->Panel + panel * call->PanelBytes, scales = numbers + (long)blocks * PanelFormat.S8.UnitBytes();
        float* sums = call->SumsOf(panel, row);
        QuantizedRows x = call->Quantized.From(row, inDim);
        bool sign = TBytes.HasSign && sizeof(TRows) <= 2; // more rows share the widening
        int group = sign ? 4 : 8, stride = inDim * group / 4; // bytes of activations of a group and of a row
        byte* qa = sign ? (byte*)x.Q : (byte*)x.Wide, qb = qa + stride, qc = qb + stride, qd = qc + stride, qe = qd + stride, qf = qe + stride;
        for (int r = 0; r < sizeof(TRows); r++) TLanes.Create(0).Store(sums + r * Outputs);
        TBytes ones = TBytes.Create(call->WordOnes);
        nint at = 0; // bytes of activations before this group
        for (int block = 0; block < blocks; block++, scales += 32)
        {
            TBytes zero = TBytes.Create(0), a = zero, b = zero, c = zero, d = zero, e = zero, f = zero;
            for (int g = 0; g < 8; g++, numbers += 64, at += group)
            {
                TBytes w = TBytes.Load(numbers), u, v;
                Prefetch.Ahead(numbers);
                if (sign)
                {
                    u = TBytes.Magnitudes(w);
                    a = TBytes.AddSignedProducts(a, w, u, TBytes.Broadcast(qa + at), ones);
                    if (sizeof(TRows) > 1) b = TBytes.AddSignedProducts(b, w, u, TBytes.Broadcast(qb + at), ones);
                    if (sizeof(TRows) > 2) c = TBytes.AddSignedProducts(c, w, u, TBytes.Broadcast(qc + at), ones);
                    if (sizeof(TRows) > 3) d = TBytes.AddSignedProducts(d, w, u, TBytes.Broadcast(qd + at), ones);
                    if (sizeof(TRows) > 4) e = TBytes.AddSignedProducts(e, w, u, TBytes.Broadcast(qe + at), ones);
                    if (sizeof(TRows) > 5) f = TBytes.AddSignedProducts(f, w, u, TBytes.Broadcast(qf + at), ones);
                    continue;
                }
                u = TBytes.EvenBytes(w);
                v = TBytes.OddBytes(w);
                a = Add(a, u, v, qa + at);
                if (sizeof(TRows) > 1) b = Add(b, u, v, qb + at);
                if (sizeof(TRows) > 2) c = Add(c, u, v, qc + at);
                if (sizeof(TRows) > 3) d = Add(d, u, v, qd + at);
                if (sizeof(TRows) > 4) e = Add(e, u, v, qe + at);
                if (sizeof(TRows) > 5) f = Add(f, u, v, qf + at);
            }
            TLanes scale = TLanes.LoadHalfPairs(scales);
            Finish(a, sums + 0 * Outputs, scale, x.Scale[0 * blocks + block]);
            if (sizeof(TRows) > 1) Finish(b, sums + 1 * Outputs, scale, x.Scale[1 * blocks + block]);
            if (sizeof(TRows) > 2) Finish(c, sums + 2 * Outputs, scale, x.Scale[2 * blocks + block]);
            if (sizeof(TRows) > 3) Finish(d, sums + 3 * Outputs, scale, x.Scale[3 * blocks + block]);
            if (sizeof(TRows) > 4) Finish(e, sums + 4 * Outputs, scale, x.Scale[4 * blocks + block]);
            if (sizeof(TRows) > 5) Finish(f, sums + 5 * Outputs, scale, x.Scale[5 * blocks + block]);
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
