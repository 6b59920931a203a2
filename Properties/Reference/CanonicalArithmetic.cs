using Switchyard.Tensor;

namespace Switchyard.Properties.Reference;

/// <summary>The chains that <see cref="IBackend"/> promises (docs/numerics.md), written out one number at a time.</summary>
internal sealed class CanonicalArithmetic : IReferenceArithmetic
{
    private const int Lanes = CanonicalMath.Lanes;

    public void Normalise(ReadOnlySpan<float> x, ReadOnlySpan<float> gain, float eps, Span<float> y)
    {
        float[] lanes = new float[Lanes];
        for (int i = 0; i < x.Length; i++) lanes[i % Lanes] = MathF.FusedMultiplyAdd(x[i], x[i], lanes[i % Lanes]);
        float inverse = 1f / MathF.Sqrt(CanonicalMath.SumLanes(lanes) / x.Length + eps);
        for (int i = 0; i < x.Length; i++) y[i] = x[i] * inverse * gain[i];
    }

    public void Multiply(ReferenceWeight weight, ReadOnlySpan<float> x, Span<float> y)
    {
        if (weight.DType.IsBlockFormat())
        {
            QuantisedRow row = QuantisedRow.Of(x);
            for (int o = 0; o < weight.OutDim; o++) y[o] = row.Dot(weight.Blocks(o));
            return;
        }
        for (int o = 0; o < weight.OutDim; o++)
        {
            ReadOnlySpan<float> w = weight.Row(o);
            float sum = 0;
            for (int k = 0; k < x.Length; k++) sum = MathF.FusedMultiplyAdd(x[k], w[k], sum);
            y[o] = sum;
        }
    }

    public void Rotate(Span<float> head, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines)
    {
        int half = head.Length / 2;
        for (int i = 0; i < half; i++)
        {
            (float a, float b) = (head[i], head[i + half]);
            head[i] = MathF.FusedMultiplyAdd(-b, sines[i], a * cosines[i]);
            head[i + half] = MathF.FusedMultiplyAdd(a, sines[i], b * cosines[i]);
        }
    }

    public void Attend(ReadOnlySpan<float> q, IReadOnlyList<VisibleSlot> visible, float scale, Span<float> y)
    {
        y.Clear();
        float max = float.NegativeInfinity;
        float[] weights = new float[Lanes];
        foreach (VisibleSlot[] tile in visible.GroupBy(v => v.Position / KvShape.PageSize).Select(g => g.ToArray()))
        {
            float[] scores = new float[tile.Length];
            for (int i = 0; i < tile.Length; i++) scores[i] = Score(q, tile[i].Key, scale);

            float raised = Math.Max(max, scores.Max());
            float shrink = CanonicalMath.Exp(max - raised); // 0 at the first tile
            for (int d = 0; d < y.Length; d++) y[d] *= shrink;
            for (int lane = 0; lane < Lanes; lane++) weights[lane] *= shrink;
            max = raised;

            for (int i = 0; i < tile.Length; i++)
            {
                float p = CanonicalMath.Exp(scores[i] - max);
                weights[tile[i].Position % Lanes] += p;
                for (int d = 0; d < y.Length; d++) y[d] = MathF.FusedMultiplyAdd(p, tile[i].Value[d], y[d]);
            }
        }
        float total = CanonicalMath.SumLanes(weights);
        for (int d = 0; d < y.Length; d++) y[d] /= total;
    }

    public float SwiGlu(float gate, float up) => CanonicalMath.Silu(gate) * up;

    public float LogSumExp(ReadOnlySpan<float> x)
    {
        float max = float.NegativeInfinity;
        foreach (float value in x) max = Math.Max(max, value);
        float[] lanes = new float[Lanes];
        for (int i = 0; i < x.Length; i++) lanes[i % Lanes] += CanonicalMath.Exp(x[i] - max);
        return (float)(max + CanonicalMath.Log((double)CanonicalMath.SumLanes(lanes)));
    }

    private static float Score(ReadOnlySpan<float> q, float[] key, float scale)
    {
        float sum = 0;
        for (int d = 0; d < q.Length; d++) sum = MathF.FusedMultiplyAdd(q[d], key[d], sum);
        return sum * scale;
    }
}
