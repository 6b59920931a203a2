namespace Switchyard.Tensor;

/// <summary>
/// Cosines and sines of every position's rotation, shape [<see cref="Positions"/>, <see cref="HeadDim"/> / 2] each, in a
/// backend's memory (RoPE, arXiv:2104.09864, half-split layout: element i turns with element i + HeadDim / 2).
/// </summary>
public abstract class RopeTable(int positions, int headDim) : IDisposable
{
    /// <summary>Positions covered, from 0.</summary>
    public int Positions { get; } = positions;

    /// <summary>Elements of a head.</summary>
    public int HeadDim { get; } = headDim;

    /// <summary>Gives the memory back.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}
