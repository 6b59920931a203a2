namespace Switchyard.Tensor;

/// <summary>Float32 activations, shape [<see cref="Rows"/>, <see cref="Cols"/>], in a backend's memory.</summary>
/// <remarks>Owned by whoever allocated it; each backend has one sealed subclass and accepts no other's.</remarks>
public abstract class Matrix(int rows, int cols) : IDisposable
{
    /// <summary>Rows.</summary>
    public int Rows { get; } = rows;

    /// <summary>Elements of a row.</summary>
    public int Cols { get; } = cols;

    /// <summary>Gives the memory back.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}
