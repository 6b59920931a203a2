using Switchyard.Tensor;

namespace Switchyard.Benchmarks;

/// <summary>A tensor of any size whose rows are all one random row.</summary>
internal sealed class RandomTensor : TensorData
{
    private readonly byte[] _row;

    public RandomTensor(DType dtype, int rows, int cols)
        : base(dtype, rows, cols)
    {
        var random = new Random(1);
        _row = new byte[RowBytes];
        random.NextBytes(_row);
        if (!dtype.IsBlockFormat())
        {
            float[] values = [.. Enumerable.Range(0, cols).Select(_ => (float)random.NextDouble() - 0.5f)];
            BlockFormats.Quantize(dtype, values, _row);
            return;
        }
        for (int at = 0; at < _row.Length; at += dtype.BlockBytes())
        {
            // Scales between 2^-8 and 2^-4: any other bits might be infinite.
            int scale = dtype == DType.Q6_K ? 208 : 0;
            _row[at + scale + 1] = (byte)(0x1C | _row[at + scale + 1] & 0x8F);
            if (dtype.HasMinimum()) _row[at + 3] = (byte)(0x1C | _row[at + 3] & 0x8F);
        }
    }

    public override void ReadRow(int row, Span<byte> destination) => _row.CopyTo(destination);
}
