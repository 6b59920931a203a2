namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>
/// Activations quantised in blocks of 32 (docs/numerics.md). The rows of a tile (<see cref="RowTiles"/>) are interleaved, so that a kernel
/// reads all of them through one pointer: [tiles][InDim / 4][rows of the tile][4].
/// </summary>
internal unsafe struct QuantizedRows
{
    /// <summary>Integers, [tiles][InDim / 4][rows][4].</summary>
    public sbyte* Q;

    /// <summary>Scales dx, [tiles][InDim / 32][rows].</summary>
    public float* Scale;

    /// <summary>sx = dx · Σ q, [tiles][InDim / 32][rows].</summary>
    public float* ScaledSum;

    /// <summary>Σ q of the two halves of each block as a pair of 16-bit numbers, [tiles][InDim / 32][rows].</summary>
    public int* HalfSums;

    /// <summary>
    /// −8 · Σ q as a pair of 16-bit numbers, of elements k with k mod 4 below 2 and of the others, [tiles][InDim / 32][rows]: what sums of
    /// nibbles times activations start from, so that nibbles offset by 8 cost nothing.
    /// </summary>
    public int* NibbleOffsets;

    /// <summary>−128 · Σ q, [tiles][InDim / 32][rows]: what sums of bytes times activations start from, so that bytes offset by 128 cost nothing.</summary>
    public int* ByteOffsets;

    /// <summary>The tiles from the one that begins at <paramref name="row"/> on.</summary>
    public readonly QuantizedRows From(int row, int inDim)
    {
        long elements = (long)row * inDim, blocks = elements / PanelLayout.Block;
        return Skip(elements, blocks);
    }

    /// <summary>
    /// One row of a tile from an input on, for writing: every four elements and every number of a block are the tile's row count apart.
    /// </summary>
    public readonly QuantizedRows Row(RowTile tile, int row, int input, int inDim) =>
        From(tile.Start, inDim).Skip((long)input * tile.Rows + 4 * row, (long)input / PanelLayout.Block * tile.Rows + row);

    /// <summary>What lies so many integers and numbers of blocks further on.</summary>
    public readonly QuantizedRows Skip(long elements, long blocks) => new()
    {
        Q = Q + elements,
        Scale = Scale + blocks,
        ScaledSum = ScaledSum + blocks,
        HalfSums = HalfSums + blocks,
        NibbleOffsets = NibbleOffsets + blocks,
        ByteOffsets = ByteOffsets + blocks,
    };
}
