namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Activations quantised in blocks of 32 (docs/numerics.md), row after row.</summary>
internal unsafe struct QuantizedRows
{
    /// <summary>Integers, [rows, InDim].</summary>
    public sbyte* Q;

    /// <summary>
    /// The same integers as 16-bit numbers, [rows, InDim]: of every four, elements 0 and 2, then 1 and 3, which is how the even and odd
    /// bytes of a 32-bit lane of weights widen.
    /// </summary>
    public short* Wide;

    /// <summary>Scales dx, [rows, InDim / 32].</summary>
    public float* Scale;

    /// <summary>sx = dx · Σ q, [rows, InDim / 32].</summary>
    public float* ScaledSum;

    /// <summary>Σ q of the two halves of each block as a pair of 16-bit numbers, [rows, InDim / 32].</summary>
    public int* HalfSums;

    /// <summary>
    /// −8 · Σ q as a pair of 16-bit numbers, of elements k with k mod 4 below 2 and of the others, [rows, InDim / 32]: what sums of nibbles
    /// times activations start from, so that nibbles offset by 8 cost nothing.
    /// </summary>
    public int* NibbleOffsets;

    /// <summary>The rows from <paramref name="row"/> on.</summary>
    public readonly QuantizedRows From(int row, int inDim)
    {
        long elements = (long)row * inDim, blocks = elements / PanelLayout.Block;
        return new QuantizedRows
        {
            Q = Q + elements,
            Wide = Wide + elements,
            Scale = Scale + blocks,
            ScaledSum = ScaledSum + blocks,
            HalfSums = HalfSums + blocks,
            NibbleOffsets = NibbleOffsets + blocks,
        };
    }
}
