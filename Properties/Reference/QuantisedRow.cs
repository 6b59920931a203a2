using Switchyard.Tensor;

namespace Switchyard.Properties.Reference;

/// <summary>A row of activations in blocks of 32 signed bytes and a scale each, as block formats multiply it.</summary>
internal sealed class QuantisedRow
{
    private readonly int[] _quants;
    private readonly float[] _scales;

    private QuantisedRow(int[] quants, float[] scales) => (_quants, _scales) = (quants, scales);

    /// <summary>Quantises <paramref name="x"/>; a last block may be short.</summary>
    public static QuantisedRow Of(ReadOnlySpan<float> x)
    {
        int[] quants = new int[x.Length];
        float[] scales = new float[(x.Length + 31) / 32];
        for (int block = 0; block < scales.Length; block++)
        {
            int from = 32 * block, to = Math.Min(x.Length, from + 32);
            float largest = 0;
            for (int i = from; i < to; i++) largest = Math.Max(largest, Math.Abs(x[i]));
            scales[block] = largest / 127f;
            float inverse = largest == 0 ? 0 : 127f / largest;
            for (int i = from; i < to; i++) quants[i] = (int)MathF.Round(x[i] * inverse);
        }
        return new(quants, scales);
    }

    /// <summary>One output: a chain of fused multiply-adds over ascending blocks, exact integers inside each.</summary>
    public float Dot(ReadOnlySpan<WeightBlock> blocks)
    {
        float sum = 0;
        int at = 0;
        foreach (WeightBlock block in blocks)
        {
            (int product, int total) = (0, 0);
            for (int i = 0; i < block.Quants.Length; i++)
            {
                product += block.Quants[i] * _quants[at + i];
                total += _quants[at + i];
            }
            float scale = _scales[at / 32];
            sum = MathF.FusedMultiplyAdd(product, block.Scale * scale, sum);
            if (block.Minimum != 0) sum = MathF.FusedMultiplyAdd(total, -block.Minimum * scale, sum);
            at += block.Quants.Length;
        }
        return sum;
    }
}
