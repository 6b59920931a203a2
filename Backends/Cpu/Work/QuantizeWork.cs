using Switchyard.Backends.Cpu.Kernels;

namespace Switchyard.Backends.Cpu.Work;

/// <summary>
/// Quantises activations to where the kernels of a table read them. A chunk is a stretch of inputs of a tile of rows, which are
/// interleaved: no two threads write one cache line over and over.
/// </summary>
internal readonly unsafe struct QuantizeWork(KernelTable kernels, int tileRows, float** x, int rows, int inDim, QuantizedRows to) : IWork
{
    private const int Stretch = 1024;

    private readonly int _stretches = (inDim + Stretch - 1) / Stretch;

    public int Chunks => RowTiles.Count(rows, tileRows) * _stretches;

    public void Run(int chunk, int worker)
    {
        RowTile tile = RowTiles.Tile(chunk / _stretches, rows, tileRows);
        int from = chunk % _stretches * Stretch, count = Math.Min(Stretch, inDim - from);
        for (int i = 0; i < tile.Rows; i++) kernels.Quantize(x[tile.Start + i] + from, count, tile.Rows, to.Row(tile, i, from, inDim));
    }
}
