namespace Switchyard.Model.Files.Conversion;

/// <summary>Finds the parameters behind a list of divisors, because config.json has words for the former only.</summary>
internal static class Llama3Fit
{
    private const double LowFreqFactor = 1, HighFreqFactor = 4; // as in every published model

    /// <summary>A scaling with the same divisors up to float32's rounding, or null.</summary>
    public static RopeScaling.Llama3? Find(ModelConfig config, IReadOnlyList<float> divisors)
    {
        double factor = Math.Round(divisors.Max() * 1024.0) / 1024;
        if (factor < 1) return null;
        for (int original = 16; original <= 1 << 20; original *= 2)
        {
            var candidate = new RopeScaling.Llama3(factor, LowFreqFactor, HighFreqFactor, original);
            float[] made = GgufModelMetadata.Divisors(config with { RopeScaling = candidate })!;
            bool same = true;
            for (int i = 0; i < made.Length; i++) same &= Math.Abs(made[i] / divisors[i] - 1) < 1e-6;
            if (same) return candidate;
        }
        return null;
    }
}
