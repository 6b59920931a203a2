using Switchyard.Tensor;

namespace Switchyard.Model;

/// <summary>Rotary frequencies of a model and the tables made of them, in arithmetic that no platform library takes part in.</summary>
public static class RopeFrequencies
{
    /// <summary>Angle per position of each pair of dimensions, radians, shape [HeadDim / 2], and the factor on cosines and sines.</summary>
    /// <param name="config">The model.</param>
    /// <param name="contextLength">The context limit; variants that depend on length are fixed from it.</param>
    public static (double[] Frequencies, double AttentionFactor) Compute(ModelConfig config, int contextLength)
    {
        double theta = config.RopeTheta;
        int dim = config.HeadDim;
        if (config.RopeScaling is RopeScaling.Dynamic dynamic && contextLength > config.MaxPositionEmbeddings)
        {
            double stretch = dynamic.Factor * contextLength / config.MaxPositionEmbeddings - (dynamic.Factor - 1);
            theta *= CanonicalMath.Pow(stretch, dim / (dim - 2.0));
        }

        var frequencies = new double[dim / 2];
        for (int i = 0; i < frequencies.Length; i++) frequencies[i] = CanonicalMath.Pow(theta, -2.0 * i / dim);
        double attention = 1;
        switch (config.RopeScaling)
        {
            case RopeScaling.Linear linear:
                for (int i = 0; i < frequencies.Length; i++) frequencies[i] /= linear.Factor;
                break;
            case RopeScaling.Llama3 llama3:
                for (int i = 0; i < frequencies.Length; i++) frequencies[i] = Scale(frequencies[i], llama3);
                break;
            case RopeScaling.Yarn yarn:
                attention = yarn.AttentionFactor ?? (yarn.Factor > 1 ? 0.1 * CanonicalMath.Log(yarn.Factor) + 1 : 1);
                Ramp(frequencies, yarn, theta, dim);
                break;
            case RopeScaling.Divided divided:
                for (int i = 0; i < frequencies.Length; i++) frequencies[i] /= divided.Divisors[i];
                break;
        }
        return (frequencies, attention);
    }

    /// <summary>Builds the table of every position below <paramref name="contextLength"/> on a backend.</summary>
    public static RopeTable Upload(IBackend backend, ModelConfig config, int contextLength)
    {
        (double[] frequencies, double attention) = Compute(config, contextLength);
        int half = frequencies.Length;
        float[] cosines = new float[checked(contextLength * half)], sines = new float[cosines.Length];
        for (int position = 0; position < contextLength; position++)
            for (int i = 0; i < half; i++)
            {
                (double sin, double cos) = CanonicalMath.SinCos(position * frequencies[i]);
                (cosines[position * half + i], sines[position * half + i]) = ((float)(cos * attention), (float)(sin * attention));
            }
        return backend.UploadRope(config.HeadDim, cosines, sines);
    }

    private static double Scale(double frequency, RopeScaling.Llama3 s)
    {
        double wavelength = 2 * Math.PI / frequency, original = s.OriginalMaxPositionEmbeddings;
        if (wavelength < original / s.HighFreqFactor) return frequency;
        if (wavelength > original / s.LowFreqFactor) return frequency / s.Factor;
        double smooth = (original / wavelength - s.LowFreqFactor) / (s.HighFreqFactor - s.LowFreqFactor);
        return (1 - smooth) * frequency / s.Factor + smooth * frequency;
    }

    private static void Ramp(double[] frequencies, RopeScaling.Yarn yarn, double theta, int dim)
    {
        double low = DimensionOf(yarn.BetaFast), high = DimensionOf(yarn.BetaSlow);
        if (yarn.Truncate) (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, dim - 1));
        if (low == high) high += 0.001;
        for (int i = 0; i < frequencies.Length; i++)
        {
            double interpolated = Math.Clamp((i - low) / (high - low), 0, 1);
            frequencies[i] = frequencies[i] / yarn.Factor * interpolated + frequencies[i] * (1 - interpolated);
        }

        double DimensionOf(double rotations) =>
            dim * CanonicalMath.Log(yarn.OriginalMaxPositionEmbeddings / (rotations * 2 * Math.PI)) / (2 * CanonicalMath.Log(theta));
    }
}
