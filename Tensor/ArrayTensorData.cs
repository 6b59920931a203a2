namespace Switchyard.Tensor;

/// <summary>A tensor whose bytes lie in managed memory.</summary>
/// <param name="dtype">How <paramref name="bytes"/> are laid out.</param>
/// <param name="rows">Rows.</param>
/// <param name="cols">Elements of a row.</param>
/// <param name="bytes">All rows, one after another. Not copied.</param>
public sealed class ArrayTensorData(DType dtype, int rows, int cols, ReadOnlyMemory<byte> bytes) : TensorData(dtype, rows, cols)
{
    private readonly ReadOnlyMemory<byte> _bytes = bytes.Length == (long)rows * dtype.RowBytes(cols)
        ? bytes
        : throw new ShapeException($"A {dtype} tensor [{rows}, {cols}] has {rows * dtype.RowBytes(cols)} bytes; got {bytes.Length}.");

    /// <summary>A float32 tensor over a copy of <paramref name="values"/>, [rows, cols].</summary>
    public static ArrayTensorData FromFloats(int rows, int cols, ReadOnlySpan<float> values) =>
        new(DType.F32, rows, cols, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values).ToArray());

    /// <inheritdoc/>
    public override void ReadRow(int row, Span<byte> destination) =>
        _bytes.Span.Slice(checked((int)(row * RowBytes)), (int)RowBytes).CopyTo(destination);
}
