using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>A tensor of a file whose numbers must be finite; each row is looked at as it is read.</summary>
/// <param name="source">Owned.</param>
/// <param name="entry">Where it comes from, for the message.</param>
internal sealed class CheckedTensorData(TensorData source, WeightEntry entry) : TensorData(source.DType, source.Rows, source.Cols)
{
    /// <inheritdoc/>
    public override void ReadRow(int row, Span<byte> destination)
    {
        source.ReadRow(row, destination);
        if (!FiniteRows.IsFinite(DType, destination[..(int)RowBytes]))
            throw new ModelFormatException($"Row {row} holds a number that is infinite or not a number. Download the file again.", entry.File, entry.Name, entry.Offset);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        source.Dispose();
        base.Dispose(disposing);
    }
}
