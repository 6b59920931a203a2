using System.Buffers;
using System.Runtime.InteropServices;
using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>A tensor in another format than it is stored in, converted row by row as it is read.</summary>
internal sealed class ConvertedTensorData : TensorData
{
    private readonly TensorData _source;
    private readonly string _name;

    private ConvertedTensorData(string name, TensorData source, DType dtype)
        : base(dtype, source.Rows, source.Cols) => (_name, _source) = (name, source);

    /// <summary>Converts, or gives <paramref name="source"/> back when it has the format already. Owns it in either case.</summary>
    public static TensorData To(string name, TensorData source, DType dtype) => source.DType == dtype ? source : new ConvertedTensorData(name, source, dtype);

    /// <inheritdoc/>
    public override void ReadRow(int row, Span<byte> destination)
    {
        byte[] stored = ArrayPool<byte>.Shared.Rent((int)_source.RowBytes);
        float[] values = ArrayPool<float>.Shared.Rent(Cols);
        try
        {
            _source.ReadRow(row, stored);
            Span<float> row32 = values.AsSpan(0, Cols);
            BlockFormats.Dequantize(_source.DType, stored.AsSpan(0, (int)_source.RowBytes), row32);
            if (DType == DType.F32)
            {
                MemoryMarshal.AsBytes(row32).CopyTo(destination);
                return;
            }
            BlockFormats.Quantize(DType, row32, destination[..(int)RowBytes]);
            if (!FiniteRows.IsFinite(DType, destination[..(int)RowBytes]))
                throw new NotSupportedException($"{_name}: row {row} has numbers too large for {DType}. Keep the precision that the file has.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
            ArrayPool<float>.Shared.Return(values);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _source.Dispose();
        base.Dispose(disposing);
    }
}
