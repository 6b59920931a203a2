using Switchyard.Tensor;

namespace Switchyard.Properties.Reference;

/// <summary>The textbook formulas in double precision, each rounded to float once at its end: the truth that tolerances are held to.</summary>
internal sealed class DoubleArithmetic : IReferenceArithmetic
{
    public void Normalise(ReadOnlySpan<float> x, ReadOnlySpan<float> gain, float eps, Span<float> y)
    {
        double sum = 0;
        foreach (float value in x) sum += (double)value * value;
        double inverse = 1 / Math.Sqrt(sum / x.Length + eps);
        for (int i = 0; i < x.Length; i++) y[i] = (float)(x[i] * inverse * gain[i]);
    }

    public void Multiply(ReferenceWeight weight, ReadOnlySpan<float> x, Span<float> y)
    {
        for (int o = 0; o < weight.OutDim; o++)
        {
            ReadOnlySpan<float> w = weight.Row(o);
            double sum = 0;
            for (int k = 0; k < x.Length; k++) sum += (double)x[k] * w[k];
            y[o] = (float)sum;
        }
    }

    public void Rotate(Span<float> head, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines)
    {
        int half = head.Length / 2;
        for (int i = 0; i < half; i++)
        {
            (double a, double b) = (head[i], head[i + half]);
            head[i] = (float)(a * cosines[i] - b * sines[i]);
            head[i + half] = (float)(b * cosines[i] + a * sines[i]);
        }
    }

    public void Attend(ReadOnlySpan<float> q, IReadOnlyList<VisibleSlot> visible, float scale, Span<float> y)
    {
        double[] scores = new double[visible.Count], sum = new double[y.Length];
        for (int i = 0; i < scores.Length; i++)
        {
            for (int d = 0; d < q.Length; d++) scores[i] += (double)q[d] * visible[i].Key[d];
            scores[i] *= scale;
        }
        double max = scores.Max(), total = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            double p = Math.Exp(scores[i] - max);
            total += p;
            for (int d = 0; d < y.Length; d++) sum[d] += p * visible[i].Value[d];
        }
        for (int d = 0; d < y.Length; d++) y[d] = (float)(sum[d] / total);
    }

    public float SwiGlu(float gate, float up) => (float)(gate / (1 + Math.Exp(-(double)gate)) * up);

    public float LogSumExp(ReadOnlySpan<float> x)
    {
        double max = double.NegativeInfinity, sum = 0;
        foreach (float value in x) max = Math.Max(max, value);
        foreach (float value in x) sum += Math.Exp(value - max);
        return (float)(max + Math.Log(sum));
    }
}
