namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Some rows that a kernel takes together.</summary>
/// <param name="Start">The first row.</param>
/// <param name="Rows">How many.</param>
internal readonly record struct RowTile(int Start, int Rows);

/// <summary>How rows are cut into tiles.</summary>
internal static class RowTiles
{
    /// <summary>Rows of the next tile: as many tiles as needed, of nearly equal size, because a tile of one row unpacks as much as one of four.</summary>
    public static int Next(int left, int most)
    {
        int tiles = Tiles(left, most);
        return (left + tiles - 1) / tiles;
    }

    /// <summary>Tiles of some rows, which are cut into calls of <see cref="PanelCall.MaxRows"/>, and these into tiles.</summary>
    public static int Count(int rows, int most)
    {
        int calls = rows / PanelCall.MaxRows;
        return calls * Tiles(PanelCall.MaxRows, most) + Tiles(rows % PanelCall.MaxRows, most);
    }

    /// <summary>One of them.</summary>
    public static RowTile Tile(int index, int rows, int most)
    {
        int perCall = Tiles(PanelCall.MaxRows, most), start = index / perCall * PanelCall.MaxRows, end = Math.Min(rows, start + PanelCall.MaxRows);
        for (int before = index % perCall; ; before--)
        {
            int size = Next(end - start, most);
            if (before == 0) return new RowTile(start, size);
            start += size;
        }
    }

    private static int Tiles(int rows, int most) => (rows + most - 1) / most;
}
