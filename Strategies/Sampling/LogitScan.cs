using System.Numerics;
using System.Runtime.CompilerServices;
using Switchyard.Tensor;

namespace Switchyard.Strategies.Sampling;

/// <summary>Passes over a whole vocabulary of logits. Lanes hold tokens; every result is the same at any vector width.</summary>
internal static class LogitScan
{
    private static int Width => Vector<float>.Count;

    /// <summary>The largest logit, and whether all are finite (then it means something).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Max(ReadOnlySpan<float> logits, out bool finite)
    {
        var max = new Vector<float>(float.NegativeInfinity);
        Vector<int> good = Vector<int>.AllBitsSet;
        int i = 0;
        for (; i + Width <= logits.Length; i += Width)
        {
            var x = new Vector<float>(logits[i..]);
            max = Vector.ConditionalSelect(Vector.GreaterThan(x, max), x, max);
            good &= Vector.Equals(x - x, Vector<float>.Zero); // x − x is NaN for NaN and infinities
        }
        finite = Vector.EqualsAll(good, Vector<int>.AllBitsSet);
        float best = float.NegativeInfinity;
        for (int lane = 0; lane < Width; lane++) if (max[lane] > best) best = max[lane];
        for (; i < logits.Length; i++)
        {
            finite &= float.IsFinite(logits[i]);
            if (logits[i] > best) best = logits[i];
        }
        return best;
    }

    /// <summary>The lowest token whose logit equals <paramref name="value"/>, which occurs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int IndexOf(ReadOnlySpan<float> logits, float value)
    {
        int i = 0;
        var wanted = new Vector<float>(value);
        while (i + Width <= logits.Length && !Vector.EqualsAny(new Vector<float>(logits[i..]), wanted)) i += Width;
        while (logits[i] != value) i++;
        return i;
    }

    /// <summary>into[i] = e^((logits[i] − max) · scale), bit for bit <see cref="CanonicalMath.Exp(float)"/>; logits are at most max, perhaps −∞.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Exponentials(ReadOnlySpan<float> logits, float max, float scale, Span<float> into)
    {
        int i = 0;
        for (; i + Width <= logits.Length; i += Width)
            Exp((new Vector<float>(logits[i..]) - new Vector<float>(max)) * scale).CopyTo(into[i..]);
        for (; i < logits.Length; i++) into[i] = CanonicalMath.Exp((logits[i] - max) * scale);
    }

    /// <summary>Sixteen partial sums by index mod 16, then a fixed tree.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Sum(ReadOnlySpan<float> values)
    {
        Span<float> lanes = stackalloc float[CanonicalMath.Lanes];
        lanes.Clear();
        int i = 0;
        for (; i + CanonicalMath.Lanes <= values.Length; i += CanonicalMath.Lanes)
            for (int lane = 0; lane < CanonicalMath.Lanes; lane += Width)
                (new Vector<float>(lanes[lane..]) + new Vector<float>(values[(i + lane)..])).CopyTo(lanes[lane..]);
        for (int lane = 0; i < values.Length; i++, lane++) lanes[lane] += values[i];
        return CanonicalMath.SumLanes(lanes);
    }

    /// <summary>
    /// The tokens with the highest (logit − max) / temperature + noise, best first, ties by lowest id. Exact scores are
    /// computed only where an upper bound of the noise lets a token in.
    /// </summary>
    /// <param name="logits">Shape [tokens]; −∞ excludes a token.</param>
    /// <param name="max">The largest of them.</param>
    /// <param name="temperature">Above 0; or 0 to rank by logit alone, without noise.</param>
    /// <param name="key">Seed and position.</param>
    /// <param name="best">Receives the ranking.</param>
    /// <returns>How many were written: all of <paramref name="best"/>, or as many as there are tokens.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Top(ReadOnlySpan<float> logits, float max, float temperature, in NoiseKey key, Span<ScoredToken> best)
    {
        int count = 0, i = 0;
        float scale = temperature == 0 ? 1 : 1 / temperature, noisy = temperature == 0 ? 0 : 1;
        if (best.Length == 1 && temperature > 0) // the likeliest token raises the bar for all others at once
            Offer(logits, IndexOf(logits, max), max, temperature, key, best, ref count);
        for (; i + Width <= logits.Length; i += Width)
        {
            Vector<float> gap = (new Vector<float>(logits[i..]) - new Vector<float>(max)) * scale;
            Vector<float> bound = gap + GumbelNoise.UpperBound(key, new Vector<uint>((uint)i) + Vector<uint>.Indices) * noisy;
            if (!Vector.GreaterThanOrEqualAny(bound, new Vector<float>(Bar(best, count)))) continue;
            for (int lane = 0; lane < Width; lane++)
                if (bound[lane] >= Bar(best, count)) Offer(logits, i + lane, max, temperature, key, best, ref count);
        }
        for (; i < logits.Length; i++) Offer(logits, i, max, temperature, key, best, ref count);
        return count;
    }

    // What a token's bound must reach to be worth an exact score; the slack covers float rounding of bound and gap.
    private static float Bar(ReadOnlySpan<ScoredToken> best, int count) =>
        count < best.Length ? float.NegativeInfinity : (float)best[^1].Score - 1e-3f - 1e-6f * MathF.Abs((float)best[^1].Score);

    private static void Offer(
        ReadOnlySpan<float> logits, int token, float max, float temperature, in NoiseKey key, Span<ScoredToken> best, ref int count)
    {
        if (float.IsNegativeInfinity(logits[token])) return;
        double gap = (double)logits[token] - max;
        double score = temperature == 0 ? gap : gap / temperature + GumbelNoise.Exact(key, (uint)token);
        int at = count;
        while (at > 0 && (score > best[at - 1].Score || score == best[at - 1].Score && token < best[at - 1].Token)) at--;
        if (at == best.Length) return;
        if (count < best.Length) count++;
        best[at..(count - 1)].CopyTo(best[(at + 1)..]);
        best[at] = new(score, token);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Exp(Vector<float> x)
    {
        Vector<float> low = new(CanonicalMath.ExpUnderflow), clamped = Vector.ConditionalSelect(Vector.GreaterThan(x, low), x, low);
        Vector<float> magic = new(CanonicalMath.RoundingMagic);
        Vector<float> n = Vector.FusedMultiplyAdd(clamped, new Vector<float>(CanonicalMath.Log2E), magic) - magic;
        Vector<float> r = Vector.FusedMultiplyAdd(n, new Vector<float>(-CanonicalMath.Ln2High), clamped);
        r = Vector.FusedMultiplyAdd(n, new Vector<float>(-CanonicalMath.Ln2Low), r);
        Vector<float> p = new(CanonicalMath.ExpCoefficients[0]);
        for (int i = 1; i < CanonicalMath.ExpCoefficients.Length; i++) p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(CanonicalMath.ExpCoefficients[i]));
        p = Vector.FusedMultiplyAdd(p, r * r, r) + Vector<float>.One;
        Vector<float> power = Vector.AsVectorSingle((Vector.ConvertToInt32(n) + new Vector<int>(127)) << 23);
        return Vector.ConditionalSelect(Vector.LessThan(x, low), Vector<float>.Zero, p * power);
    }
}

/// <summary>A token and its score: (logit − largest logit) / temperature + noise.</summary>
internal readonly record struct ScoredToken(double Score, int Token);
