using System.Runtime.CompilerServices;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Cuts a call into tiles.</summary>
/// <remarks>
/// A single tile reads panels one after another or some at once (<see cref="Streams"/>). Several tiles go over the same numbers, so inputs are cut into slices
/// that stay in the first-level cache with a tile's activations, while the slice's activations of all rows stay in the second. Sums rest
/// in memory between slices: the chain of an output is the same for every cut. Each tile asks for its share of the slice that comes next,
/// so that memory works as long as the arithmetic does.
/// </remarks>
internal static unsafe class TiledPanels<TKernel>
    where TKernel : struct, ITileKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(PanelCall* call)
    {
        int tiles = RowTiles.Count(call->Rows, call->TileRows);
        // Where numbers would be taken apart beforehand, two tiles read them one after the other: that costs less than to write and read the parts.
        if (tiles > (TKernel.UnpackedBytes > 0 && call->StreamPanels == 1 ? 2 : 1))
        {
            Several(call, tiles);
            return;
        }
        (call->Begin, call->End) = (0, call->InDim);
        int panels = call->Panels, first = 0, rows = RowTiles.Next(call->Rows, call->TileRows);
        for (; first < panels; first = call->Panels)
        {
            call->Panels = Math.Min(first + call->StreamPanels, panels);
            Tile<Streams>(call, first, 0, rows);
            if (tiles > 1) Tile<Streams>(call, first, rows, call->Rows - rows);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Several(PanelCall* call, int tiles)
    {
        byte* sizes = stackalloc byte[PanelCall.MaxRows], unpacked = stackalloc byte[TKernel.UnpackedBytes + 64];
        call->Unpacked = (byte*)((nint)(unpacked + 63) & ~63);
        for (int left = call->Rows, tile = 0; left > 0; left -= sizes[tile++]) sizes[tile] = (byte)RowTiles.Next(left, call->TileRows);
        for (int begin = 0; begin < call->InDim; begin += TKernel.SliceInputs)
        {
            (call->Begin, call->End) = (begin, Math.Min(begin + TKernel.SliceInputs, call->InDim));
            for (int panel = 0; panel < call->Panels; panel += TKernel.TilePanels)
            {
                byte* next = Next(call, panel);
                long share = TKernel.SpanBytes(call->End - begin) / tiles;
                TKernel.Unpack(call, panel);
                call->AheadStep = (TKernel.TurnBytes + tiles - 1) / tiles;
                for (int tile = 0, row = 0; tile < tiles; row += sizes[tile++], next += share)
                {
                    call->Ahead = next;
                    Tile<Slices>(call, panel, row, sizes[tile]);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<TReading>(PanelCall* call, int panel, int row, int rows)
        where TReading : unmanaged, IReading
    {
        switch (rows)
        {
            case 1: TKernel.Tile<Rows1, TReading>(call, panel, row); break;
            case 2: TKernel.Tile<Rows2, TReading>(call, panel, row); break;
            case 3: TKernel.Tile<Rows3, TReading>(call, panel, row); break;
            case 4: TKernel.Tile<Rows4, TReading>(call, panel, row); break;
            case 5: TKernel.Tile<Rows5, TReading>(call, panel, row); break;
            case 6: TKernel.Tile<Rows6, TReading>(call, panel, row); break;
            case 7: TKernel.Tile<Rows7, TReading>(call, panel, row); break;
            default: TKernel.Tile<Rows8, TReading>(call, panel, row); break;
        }
    }

    // The same slice of the next panel, the next slice of the first, or what follows the call.
    private static byte* Next(PanelCall* call, int panel)
    {
        panel += TKernel.TilePanels;
        if (panel < call->Panels) return call->Panel + panel * call->PanelBytes + TKernel.SpanBytes(call->Begin);
        return call->End < call->InDim ? call->Panel + TKernel.SpanBytes(call->End) : call->Following;
    }
}
