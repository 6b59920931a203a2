namespace Switchyard.Tensor;

/// <summary>
/// The bytes of one two-dimensional tensor, row by row, wherever they lie: a mapped file, an array, or a conversion of
/// another tensor. A backend reads it once, into its own layout, and disposes it.
/// </summary>
/// <remarks>Rows may be read from several threads at once.</remarks>
public abstract class TensorData : IDisposable
{
    /// <summary>Describes a tensor of shape [<paramref name="rows"/>, <paramref name="cols"/>].</summary>
    /// <exception cref="ShapeException">A dimension is not positive, or a row is not a whole number of blocks.</exception>
    protected TensorData(DType dtype, int rows, int cols)
    {
        if (rows <= 0 || cols <= 0) throw new ShapeException($"A tensor needs positive dimensions; got [{rows}, {cols}].");
        (DType, Rows, Cols, RowBytes) = (dtype, rows, cols, dtype.RowBytes(cols));
    }

    /// <summary>How the numbers are stored.</summary>
    public DType DType { get; }

    /// <summary>Outputs of a projection, entries of a table, 1 for a vector.</summary>
    public int Rows { get; }

    /// <summary>Elements of a row.</summary>
    public int Cols { get; }

    /// <summary>Bytes of a row as <see cref="DType"/> stores it.</summary>
    public long RowBytes { get; }

    /// <summary>Bytes of the whole tensor.</summary>
    public long ByteCount => RowBytes * Rows;

    /// <summary>Copies row <paramref name="row"/> to <paramref name="destination"/>, <see cref="RowBytes"/> long.</summary>
    public abstract void ReadRow(int row, Span<byte> destination);

    /// <summary>Gives back what holds the bytes.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back what holds the bytes.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
