namespace Switchyard.Properties.Reference;

/// <summary>A row of activations in blocks of 32 signed bytes and a scale each, as block formats multiply it.</summary>
internal sealed class QuantisedRow
{
    private const int Block = 32;
    private const float Negligible = 1f / (1L << 50) / (1L << 50); // 2^-100

    private readonly int[] _quants;      // [elements]
    private readonly float[] _scales;    // [elements / 32]
    private readonly float[] _totals;    // [elements / 32]: scale times the sum of the block's quants

    private QuantisedRow(int elements) => (_quants, _scales, _totals) = (new int[elements], new float[elements / Block], new float[elements / Block]);

    /// <summary>Quantises <paramref name="x"/>, whole blocks.</summary>
    public static QuantisedRow Of(ReadOnlySpan<float> x)
    {
        var row = new QuantisedRow(x.Length);
        for (int block = 0; block < row._scales.Length; block++) row.Quantise(block, x.Slice(Block * block, Block));
        return row;
    }

    /// <summary>One output: a chain of fused multiply-adds over ascending blocks, exact integers inside each.</summary>
    public float Dot(ReadOnlySpan<WeightBlock> blocks)
    {
        float sum = 0;
        for (int b = 0; b < blocks.Length; b++)
        {
            int product = 0;
            for (int i = 0; i < Block; i++) product += blocks[b].Quants[i] * _quants[Block * b + i];
            sum = MathF.FusedMultiplyAdd(product, blocks[b].Scale * _scales[b], sum);
            if (blocks[b].Minimum is { } minimum) sum = MathF.FusedMultiplyAdd(minimum, _totals[b], sum);
        }
        return sum;
    }

    private void Quantise(int block, ReadOnlySpan<float> x)
    {
        float largest = 0;
        foreach (float value in x) largest = Math.Max(largest, Math.Abs(value)); // NaN wins
        if (!float.IsFinite(largest))
        {
            (_scales[block], _totals[block]) = (float.NaN, float.NaN);
            return;
        }
        if (largest < Negligible) return;
        float inverse = 127f / largest;
        int total = 0;
        for (int i = 0; i < Block; i++) total += _quants[Block * block + i] = (int)MathF.Round(x[i] * inverse);
        _scales[block] = largest / 127f;
        _totals[block] = _scales[block] * total;
    }
}
