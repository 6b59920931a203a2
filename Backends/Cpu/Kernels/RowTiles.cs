namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>A row and the tile it lies in.</summary>
/// <param name="Row">The row.</param>
/// <param name="Start">The tile's first row.</param>
/// <param name="Rows">The tile's rows.</param>
internal readonly record struct RowTile(int Row, int Start, int Rows);

/// <summary>How rows are cut into tiles.</summary>
internal static class RowTiles
{
    /// <summary>Rows of the next tile: as many tiles as needed, of nearly equal size, because a tile of one row unpacks as much as one of four.</summary>
    public static int Next(int left, int most)
    {
        int tiles = Count(left, most);
        return (left + tiles - 1) / tiles;
    }

    /// <summary>Tiles of some rows.</summary>
    public static int Count(int rows, int most) => (rows + most - 1) / most;

    /// <summary>The tile of a row where <paramref name="rows"/> rows are cut into calls of <see cref="PanelCall.MaxRows"/>, and these into tiles.</summary>
    public static RowTile Of(int row, int rows, int most)
    {
        int start = row / PanelCall.MaxRows * PanelCall.MaxRows, end = Math.Min(rows, start + PanelCall.MaxRows);
        while (true)
        {
            int size = Next(end - start, most);
            if (row < start + size) return new RowTile(row, start, size);
            start += size;
        }
    }
}
