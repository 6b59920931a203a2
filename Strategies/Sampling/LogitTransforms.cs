using Switchyard.Tensor;

namespace Switchyard.Strategies.Sampling;

/// <summary>
/// Shapes logits before a token is chosen; one function per option, applied in the order of this file (the order of Hugging
/// Face's processors). Excluded tokens get −∞.
/// </summary>
internal static class LogitTransforms
{
    /// <summary>Repetition (Keskar et al., arXiv:1909.05858, §4.1, as Hugging Face signs it), then frequency and presence (as OpenAI defines them).</summary>
    public static void Penalize(Span<float> logits, SamplerState state)
    {
        if (state.Counts is null) return;
        GenerationOptions options = state.Options;
        foreach ((int token, SamplerState.TokenCounts counts) in state.Counts)
        {
            if (token >= logits.Length) continue;
            float x = logits[token];
            if (counts.Seen > 0) x = x > 0 ? x / options.RepetitionPenalty : x * options.RepetitionPenalty;
            if (counts.Generated > 0) x -= options.FrequencyPenalty * counts.Generated + options.PresencePenalty;
            logits[token] = x;
        }
    }

    /// <summary>Adds the bias of single tokens.</summary>
    public static void Bias(Span<float> logits, ReadOnlySpan<KeyValuePair<int, float>> bias)
    {
        foreach ((int token, float value) in bias)
            if (token < logits.Length) logits[token] += value;
    }

    /// <summary>Keeps the k likeliest tokens, ties by lowest id.</summary>
    public static void KeepTopK(Span<float> logits, float max, int k, SamplerWorkspace workspace)
    {
        if (k < logits.Length) PrefixCut.ByCount(logits, max, k, workspace);
    }

    /// <summary>Keeps the fewest likeliest tokens whose probability at <paramref name="temperature"/> reaches <paramref name="p"/> of what is left.</summary>
    public static void KeepTopP(Span<float> logits, float max, float p, float temperature, SamplerWorkspace workspace)
    {
        if (p >= 1) return;
        Span<float> weights = workspace.Weights.AsSpan(0, logits.Length);
        LogitScan.Exponentials(logits, max, 1 / temperature, weights);
        PrefixCut.ByShare(logits, max, p, weights, workspace);
    }

    /// <summary>Keeps tokens at least <paramref name="minP"/> times as likely as the likeliest, at <paramref name="temperature"/>.</summary>
    public static void KeepMinP(Span<float> logits, float max, float minP, float temperature)
    {
        if (minP <= 0) return;
        float least = (float)(max + temperature * CanonicalMath.Log(minP));
        for (int i = 0; i < logits.Length; i++) if (logits[i] < least) logits[i] = float.NegativeInfinity;
    }
}
