using Switchyard.Tensor;

namespace Switchyard.Properties.Reference;

/// <summary>Activations in plain arrays, one per row.</summary>
internal sealed class ReferenceMatrix(int rows, int cols, BackendCounters counters) : Matrix(rows, cols)
{
    private float[][]? _values = Allocate(rows, cols, counters);

    /// <summary>Row <paramref name="row"/>, shape [Cols].</summary>
    public Span<float> Row(int row)
    {
        ObjectDisposedException.ThrowIf(_values is null, this);
        return _values[row];
    }

    public override void Dispose()
    {
        if (_values is not null) counters.BytesHeld -= 4L * Rows * Cols;
        _values = null;
        base.Dispose();
    }

    private static float[][] Allocate(int rows, int cols, BackendCounters counters)
    {
        counters.BytesHeld += 4L * rows * cols;
        return [.. Enumerable.Range(0, rows).Select(_ => new float[cols])];
    }
}

/// <summary>Cosines and sines in plain arrays, [Positions, HeadDim / 2] each.</summary>
internal sealed class ReferenceRopeTable(int positions, int headDim, float[] cosines, float[] sines) : RopeTable(positions, headDim)
{
    public ReadOnlySpan<float> Cosines(int position) => cosines.AsSpan(position * (HeadDim / 2), HeadDim / 2);

    public ReadOnlySpan<float> Sines(int position) => sines.AsSpan(position * (HeadDim / 2), HeadDim / 2);
}

/// <summary>Keys and values in plain arrays, one per (layer, slot), as numbers already rounded to the store's format.</summary>
internal sealed class ReferenceKvStore(KvShape shape, BackendCounters counters) : KvStore(shape)
{
    private readonly float[] _keys = Allocate(shape, counters);
    private readonly float[] _values = Allocate(shape, counters);
    private bool _disposed;

    /// <summary>Keys of one slot at one layer, own plane, shape [KvDim].</summary>
    public Span<float> Keys(int layer, int slot) => _keys.AsSpan((layer * Shape.Slots + slot) * Shape.KvDim, Shape.KvDim);

    /// <summary>Values of one slot at one layer, own plane, shape [KvDim].</summary>
    public Span<float> Values(int layer, int slot) => _values.AsSpan((layer * Shape.Slots + slot) * Shape.KvDim, Shape.KvDim);

    public override void Dispose()
    {
        if (!_disposed) counters.BytesHeld -= 8L * Shape.Layers * Shape.Slots * Shape.KvDim;
        _disposed = true;
        base.Dispose();
    }

    private static float[] Allocate(KvShape shape, BackendCounters counters)
    {
        float[] plane = new float[shape.Layers * shape.Slots * shape.KvDim];
        counters.BytesHeld += 4L * plane.Length;
        return plane;
    }
}
