using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>Rows of a mapped file. The mapping ends with this object, so what was read no longer counts as resident.</summary>
internal sealed class MappedTensorData : TensorData
{
    private readonly MappedView _view;

    private MappedTensorData(DType dtype, int rows, int cols, MappedView view)
        : base(dtype, rows, cols) => _view = view;

    /// <summary>Maps a checked entry of <paramref name="file"/>.</summary>
    public static MappedTensorData Map(MappedFile file, WeightEntry entry)
    {
        (int rows, int cols) = entry.Shape switch
        {
            [int n] when n > 0 => (1, n),
            [int r, int c] when r > 0 && c > 0 => (r, c),
            _ => throw new ModelFormatException("The tensor cannot be used as a weight.", entry.File, entry.Name, entry.Offset, $"shape {entry.ShapeText}", "one or two dimensions, none of them 0"),
        };
        if (entry.DType.RowBytes(cols) > Array.MaxLength)
            throw new ModelFormatException("A row of the tensor is absurdly long.", entry.File, entry.Name, entry.Offset, $"shape {entry.ShapeText}");
        return new MappedTensorData(entry.DType, rows, cols, file.View(entry.Offset, entry.ByteCount));
    }

    /// <inheritdoc/>
    public override void ReadRow(int row, Span<byte> destination) => _view.Span(row * RowBytes, (int)RowBytes).CopyTo(destination);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _view.Dispose();
        base.Dispose(disposing);
    }
}
