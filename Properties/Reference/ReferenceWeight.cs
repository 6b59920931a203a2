using System.Runtime.InteropServices;
using Switchyard.Tensor;

namespace Switchyard.Properties.Reference;

/// <summary>A weight as plain numbers, and for block formats also as the integers and scales that the canonical sum runs over.</summary>
internal sealed class ReferenceWeight : Weight
{
    private readonly float[][] _rows;
    private readonly WeightBlock[][] _blocks;
    private readonly BackendCounters _counters;
    private bool _disposed;

    /// <summary>Decodes <paramref name="data"/>, which stays the caller's.</summary>
    public ReferenceWeight(string name, TensorData data, BackendCounters counters)
        : base(name, data.DType, data.Rows, data.Cols)
    {
        (_rows, _blocks, _counters) = (new float[data.Rows][], new WeightBlock[data.Rows][], counters);
        byte[] bytes = new byte[data.RowBytes];
        for (int row = 0; row < data.Rows; row++)
        {
            data.ReadRow(row, bytes);
            _blocks[row] = data.DType.IsBlockFormat() ? BlockDecoder.Decode(data.DType, bytes) : [];
            _rows[row] = data.DType.IsBlockFormat() ? [.. _blocks[row].SelectMany(b => b.Numbers())] : PlainNumbers(data.DType, bytes);
        }
        ByteCount = 4L * OutDim * InDim;
        counters.BytesHeld += ByteCount;
    }

    public override long ByteCount { get; }

    /// <summary>Row <paramref name="output"/> as numbers, shape [InDim].</summary>
    public ReadOnlySpan<float> Row(int output) => _rows[output];

    /// <summary>Row <paramref name="output"/> as blocks that share a scale, ascending; empty for plain formats.</summary>
    public ReadOnlySpan<WeightBlock> Blocks(int output) => _blocks[output];

    public override void Dispose()
    {
        if (!_disposed) _counters.BytesHeld -= ByteCount;
        _disposed = true;
        base.Dispose();
    }

    private static float[] PlainNumbers(DType dtype, byte[] bytes) => dtype switch
    {
        DType.F32 => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
        DType.F16 => [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(h => (float)h)],
        _ => [.. MemoryMarshal.Cast<byte, ushort>(bytes).ToArray().Select(b => BitConverter.Int32BitsToSingle(b << 16))],
    };
}

/// <summary>Thirty-two neighbouring weights of one row: element i is Quants[i] · Scale, plus Minimum where there is one.</summary>
/// <param name="Quants">Exact integers, shape [32].</param>
/// <param name="Scale">Factor.</param>
/// <param name="Minimum">What is added; null for formats without minima.</param>
internal sealed record WeightBlock(int[] Quants, float Scale, float? Minimum = null)
{
    /// <summary>The weights themselves, [32].</summary>
    public IEnumerable<float> Numbers() => Quants.Select(q => Minimum is { } minimum ? q * Scale + minimum : q * Scale);
}
