namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>How rows are cut into tiles.</summary>
internal static class RowTiles
{
    /// <summary>Rows of the next tile: as many tiles as needed, of nearly equal size, because a tile of one row unpacks as much as one of four.</summary>
    public static int Next(int left, int most)
    {
        int tiles = (left + most - 1) / most;
        return (left + tiles - 1) / tiles;
    }
}
