using Switchyard.Tensor;

namespace Switchyard.Properties.Reference;

/// <summary>A backend that is naive, scalar, single-threaded and obviously right: what every other is compared with.</summary>
/// <remarks>
/// It computes <see cref="IBackend"/>'s canonical sums one number at a time in plain arrays, so that its bits are the contract's.
/// <see cref="InDoublePrecision"/> gives the textbook formulas instead, for tolerances.
/// </remarks>
public sealed partial class ReferenceBackend : IBackend
{
    private readonly IReferenceArithmetic _arithmetic;

    /// <summary>The canonical sums.</summary>
    public ReferenceBackend()
        : this("reference", new CanonicalArithmetic())
    {
    }

    private ReferenceBackend(string name, IReferenceArithmetic arithmetic) => (Name, _arithmetic) = (name, arithmetic);

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int Threads => 1;

    /// <inheritdoc/>
    public BackendCounters Counters { get; } = new();

    /// <summary>The same operations by textbook formulas in double precision, each result rounded to float once.</summary>
    public static ReferenceBackend InDoublePrecision() => new("reference-double", new DoubleArithmetic());

    /// <inheritdoc/>
    public Matrix Allocate(int rows, int cols)
    {
        if (rows <= 0 || cols <= 0) throw new ShapeException($"Allocate: a matrix needs positive dimensions; got [{rows}, {cols}].");
        return new ReferenceMatrix(rows, cols, Counters);
    }

    /// <inheritdoc/>
    public Weight Upload(string name, TensorData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        using (data) return new ReferenceWeight(name, data, Counters);
    }

    /// <inheritdoc/>
    public RopeTable UploadRope(int headDim, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines)
    {
        int half = headDim / 2;
        if (half == 0 || headDim % 2 != 0 || cosines.Length % half != 0 || cosines.Length != sines.Length || cosines.IsEmpty)
            throw new ShapeException($"UploadRope: {cosines.Length} cosines and {sines.Length} sines are not [positions, {headDim} / 2].");
        return new ReferenceRopeTable(cosines.Length / half, headDim, cosines.ToArray(), sines.ToArray());
    }

    /// <inheritdoc/>
    public KvStore AllocateKv(KvShape shape)
    {
        if (shape.DType is not (DType.F32 or DType.F16)) throw new ShapeException($"AllocateKv: keys and values are F32 or F16; got {shape.DType}.");
        return new ReferenceKvStore(shape, Counters);
    }

    /// <inheritdoc/>
    public void CopyRows(Matrix from, ReadOnlySpan<int> fromRows, Matrix to, ReadOnlySpan<int> toRows)
    {
        Need(from?.Cols == to?.Cols && fromRows.Length == toRows.Length, "CopyRows: needs as many rows and columns on both sides.");
        for (int i = 0; i < fromRows.Length; i++) Own(from).Row(fromRows[i]).CopyTo(Own(to).Row(toRows[i]));
        Counters.ActivationBytesCopied += 4L * fromRows.Length * from!.Cols;
    }

    /// <inheritdoc/>
    public void Read(Matrix x, int cols, ReadOnlySpan<int> rows, Span<float> destination)
    {
        Need(destination.Length >= rows.Length * cols, $"Read: {destination.Length} elements do not hold [{rows.Length}, {cols}].");
        for (int i = 0; i < rows.Length; i++) Own(x).Row(rows[i])[..cols].CopyTo(destination[(i * cols)..]);
    }

    /// <inheritdoc/>
    public void Write(Matrix x, int cols, ReadOnlySpan<int> rows, ReadOnlySpan<float> source)
    {
        Need(source.Length >= rows.Length * cols, $"Write: {source.Length} elements are not [{rows.Length}, {cols}].");
        for (int i = 0; i < rows.Length; i++) source.Slice(i * cols, cols).CopyTo(Own(x).Row(rows[i]));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static ReferenceMatrix Own(Matrix? handle) => handle as ReferenceMatrix ?? throw Foreign(handle);

    private static ReferenceWeight Own(Weight? handle) => handle as ReferenceWeight ?? throw Foreign(handle);

    private static ReferenceKvStore Own(KvStore? handle) => handle as ReferenceKvStore ?? throw Foreign(handle);

    private static ReferenceRopeTable Own(RopeTable? handle) => handle as ReferenceRopeTable ?? throw Foreign(handle);

    private static ArgumentException Foreign(object? handle) =>
        new($"The reference backend was handed a {handle?.GetType().Name ?? "null"}; allocate or upload it with this backend.");

    private static void Need(bool holds, string message)
    {
        if (!holds) throw new ShapeException(message);
    }
}
