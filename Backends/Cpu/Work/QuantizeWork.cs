using Switchyard.Backends.Cpu.Kernels;

namespace Switchyard.Backends.Cpu.Work;

/// <summary>Quantises activations, a row a chunk, to where the kernels of a table read them.</summary>
internal readonly unsafe struct QuantizeWork(KernelTable kernels, ActivationForms forms, float** x, int rows, int inDim, QuantizedRows to) : IWork
{
    public void Run(int chunk, int worker)
    {
        RowTile tile = RowTiles.Of(chunk, rows, kernels.TileRows);
        QuantizedRows row = to.Row(tile, inDim);
        bool wide = kernels.ReadsWide(tile.Rows);
        if (!forms.SignedBytes || !wide) row.Wide = null;
        if (!forms.Others && wide) row.Q = null;
        kernels.Quantize(x[chunk], inDim, tile.Rows, row);
    }
}
