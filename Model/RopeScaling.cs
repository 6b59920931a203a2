namespace Switchyard.Model;

/// <summary>How rotary frequencies are stretched beyond the trained context. Names and fields follow config.json's rope_scaling.</summary>
public abstract record RopeScaling
{
    private RopeScaling()
    {
    }

    /// <summary>Every frequency divided by the factor.</summary>
    /// <param name="Factor">At least 1.</param>
    public sealed record Linear(double Factor) : RopeScaling;

    /// <summary>NTK-aware base change for contexts longer than the trained one; fixed from the context limit, not from the text so far.</summary>
    /// <param name="Factor">At least 1.</param>
    public sealed record Dynamic(double Factor) : RopeScaling;

    /// <summary>Llama 3.1's: low frequencies divided by the factor, high ones kept, smooth in between.</summary>
    /// <param name="Factor">At least 1.</param>
    /// <param name="LowFreqFactor">Wavelengths beyond original / this are scaled.</param>
    /// <param name="HighFreqFactor">Wavelengths below original / this are kept.</param>
    /// <param name="OriginalMaxPositionEmbeddings">The trained context, in tokens.</param>
    public sealed record Llama3(double Factor, double LowFreqFactor, double HighFreqFactor, int OriginalMaxPositionEmbeddings) : RopeScaling;

    /// <summary>YaRN (arXiv:2309.00071): a ramp between interpolation and extrapolation, and a factor on cosines and sines.</summary>
    /// <param name="Factor">At least 1.</param>
    /// <param name="OriginalMaxPositionEmbeddings">The trained context, in tokens.</param>
    /// <param name="BetaFast">Rotations over the trained context above which a frequency is kept.</param>
    /// <param name="BetaSlow">Rotations below which it is divided by the factor.</param>
    /// <param name="AttentionFactor">Factor on cosines and sines; null for 0.1·ln(Factor) + 1.</param>
    /// <param name="Truncate">Whether the ramp's ends are rounded to whole dimensions.</param>
    public sealed record Yarn(
        double Factor, int OriginalMaxPositionEmbeddings, double BetaFast = 32, double BetaSlow = 1,
        double? AttentionFactor = null, bool Truncate = true) : RopeScaling;

    /// <summary>A divisor per frequency, as GGUF files carry (rope_freqs.weight).</summary>
    /// <param name="Divisors">Shape [HeadDim / 2].</param>
    public sealed record Divided(IReadOnlyList<float> Divisors) : RopeScaling;
}
