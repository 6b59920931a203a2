using System.Runtime.CompilerServices;
using Switchyard.Tensor;

namespace Switchyard.Strategies.Sampling;

/// <summary>
/// Shapes logits before a token is chosen; one function per option, applied in the order of this file (the order of Hugging
/// Face's processors). Excluded tokens get −∞. Which tokens stay is exact: probabilities are summed as integers, so no order
/// of additions can change it.
/// </summary>
internal static class LogitTransforms
{
    private const int BucketShift = 19; // sixteen buckets per octave of the gap to the largest logit
    private const int FirstBucket = (127 - 10) << (23 - BucketShift), BucketCount = ((127 + 20) << (23 - BucketShift)) - FirstBucket;
    private const float WeightUnit = 1L << 40; // integer weight of the likeliest token: 2¹⁷ tokens of it fit a long

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
        if (k < logits.Length) KeepPrefix(logits, max, k, 1, default, workspace);
    }

    /// <summary>Keeps the fewest likeliest tokens whose probability at <paramref name="temperature"/> reaches <paramref name="p"/> of what is left.</summary>
    public static void KeepTopP(Span<float> logits, float max, float p, float temperature, SamplerWorkspace workspace)
    {
        if (p >= 1) return;
        Span<float> weights = workspace.Weights.AsSpan(0, logits.Length);
        LogitScan.Exponentials(logits, max, 1 / temperature, weights);
        KeepPrefix(logits, max, long.MaxValue, p, weights, workspace);
    }

    /// <summary>Keeps tokens at least <paramref name="minP"/> times as likely as the likeliest, at <paramref name="temperature"/>.</summary>
    public static void KeepMinP(Span<float> logits, float max, float minP, float temperature)
    {
        if (minP <= 0) return;
        float least = (float)(max + temperature * CanonicalMath.Log(minP));
        for (int i = 0; i < logits.Length; i++) if (logits[i] < least) logits[i] = float.NegativeInfinity;
    }

    // Keeps the shortest prefix, by falling logit and then rising id, whose measure reaches the target or this fraction of the
    // whole. The measure of a token is 1, or its integer weight. A histogram finds the bucket where that happens; only this
    // bucket is sorted.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void KeepPrefix(
        Span<float> logits, float max, long target, double fraction, ReadOnlySpan<float> weights, SamplerWorkspace workspace)
    {
        Span<long> buckets = workspace.Buckets;
        buckets.Clear();
        for (int i = 0; i < logits.Length; i++)
            if (!float.IsNegativeInfinity(logits[i])) buckets[Bucket(max - logits[i])] += Measure(weights, i);

        long total = 0, before = 0;
        foreach (long measure in buckets) total += measure;
        target = Math.Min(target, Math.Max(1, (long)Math.Ceiling(fraction * total)));
        int crossing = 0;
        while (crossing < buckets.Length && before + buckets[crossing] < target) before += buckets[crossing++];

        int count = 0;
        Span<ulong> keys = workspace.Keys;
        for (int i = 0; i < logits.Length; i++)
            if (!float.IsNegativeInfinity(logits[i]) && Bucket(max - logits[i]) == crossing) keys[count++] = Key(logits[i], i);
        keys = keys[..count];
        keys.Sort();
        int last = 0;
        while ((before += Measure(weights, (int)(uint)keys[last])) < target) last++;

        int lastToken = (int)(uint)keys[last];
        float least = logits[lastToken];
        for (int i = 0; i < logits.Length; i++)
            if (logits[i] < least || logits[i] == least && i > lastToken) logits[i] = float.NegativeInfinity;
    }

    private static long Measure(ReadOnlySpan<float> weights, int token) => weights.IsEmpty ? 1 : (long)(weights[token] * WeightUnit);

    // Bits of a number that is not negative rise with it.
    private static int Bucket(float gap) => Math.Clamp((BitConverter.SingleToInt32Bits(gap) >> BucketShift) - FirstBucket, 0, BucketCount - 1);

    // Rises as the logit falls, then as the id rises.
    private static ulong Key(float logit, int token)
    {
        uint bits = BitConverter.SingleToUInt32Bits(logit + 0f); // −0 + 0 is +0: equal logits get equal keys
        uint rising = (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
        return ((ulong)~rising << 32) | (uint)token;
    }

    /// <summary>Buckets that a workspace holds.</summary>
    public const int WorkspaceBuckets = BucketCount;
}
