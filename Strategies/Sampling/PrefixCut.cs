using System.Numerics;
using System.Runtime.CompilerServices;

namespace Switchyard.Strategies.Sampling;

/// <summary>
/// Keeps the shortest prefix of tokens, by falling logit and then rising id, that reaches a count or a share of the probability. Exact:
/// probabilities are summed as integers, so neither the order of additions nor a vector's width can change what stays.
/// </summary>
/// <remarks>
/// A histogram over gaps to the largest logit finds the bucket where the prefix ends; only its tokens are looked at again, in ever finer
/// buckets. A share first leaves out tokens so unlikely that all of a vocabulary of them would not reach what may be cut off.
/// </remarks>
internal static class PrefixCut
{
    private const int Shift = 19; // sixteen buckets per octave of the gap to the largest logit
    private const int First = (127 - 10) << (23 - Shift), Last = ((127 + 20) << (23 - Shift)) - First - 1;
    private const int HalfBits = 20; // a token's integer weight has two halves of as many bits: 2¹⁷ tokens of the largest, 2⁴⁰, fit a long
    private const float HalfUnit = 1 << HalfBits;
    private const int Few = 32, FineBits = 8;

    private static int Width => Vector<float>.Count;

    /// <summary>Buckets that a workspace holds.</summary>
    public const int Buckets = Last + 1;

    /// <summary>Keeps the <paramref name="k"/> likeliest tokens.</summary>
    /// <param name="logits">Shape [tokens]; −∞ excludes a token, and so do we.</param>
    /// <param name="max">The largest of them.</param>
    /// <param name="k">From 1 to all but one.</param>
    /// <param name="workspace">Buffers.</param>
    public static void ByCount(Span<float> logits, float max, int k, SamplerWorkspace workspace) => Keep(logits, max, k, 0, default, workspace);

    /// <summary>Keeps the fewest likeliest tokens whose weights reach a share of all.</summary>
    /// <param name="logits">Shape [tokens]; −∞ excludes a token, and so do we.</param>
    /// <param name="max">The largest of them.</param>
    /// <param name="share">Above 0, below 1.</param>
    /// <param name="weights">Shape [tokens]: rising with the logit, 1 for the largest, 0 for excluded ones.</param>
    /// <param name="workspace">Buffers.</param>
    public static void ByShare(Span<float> logits, float max, double share, ReadOnlySpan<float> weights, SamplerWorkspace workspace)
    {
        long total = Total(weights), target = Math.Max(1, (long)Math.Ceiling(share * total)), negligible = (total - target) / logits.Length;
        float least = negligible == 0 ? 0 : MathF.BitDecrement(negligible) / (HalfUnit * HalfUnit);
        Keep(logits, max, target, least, weights, workspace);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Keep(Span<float> logits, float max, long target, float least, ReadOnlySpan<float> weights, SamplerWorkspace workspace)
    {
        Span<long> buckets = workspace.Buckets;
        buckets.Clear();
        Fill(logits, max, least, weights, buckets);
        long before = 0, all = 0;
        foreach (long measure in buckets) all += measure;
        target = Math.Min(target, all); // fewer tokens than a count asks for may be left
        int crossing = Crossing(buckets, ref before, target);
        Span<ulong> keys = workspace.Keys;
        keys = keys[..Collect(logits, max, crossing, keys)];
        CutOff(logits, LastKept(keys, before, target, weights, buckets));
    }

    // Sums measures by bucket: 1 a token, or its weight.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fill(ReadOnlySpan<float> logits, float max, float least, ReadOnlySpan<float> weights, Span<long> buckets)
    {
        Span<int> bucket = stackalloc int[Width], high = stackalloc int[Width], low = stackalloc int[Width];
        int i = 0;
        for (; i + Width <= logits.Length; i += Width)
        {
            Vector<int> upper = Vector<int>.Zero, lower;
            var x = new Vector<float>(logits[i..]);
            if (weights.IsEmpty)
            {
                lower = Vector.ConditionalSelect(Vector.Equals(x, new Vector<float>(float.NegativeInfinity)), Vector<int>.Zero, Vector<int>.One);
            }
            else
            {
                var weight = new Vector<float>(weights[i..]);
                if (Vector.LessThanAll(weight, new Vector<float>(least))) continue;
                Split(weight, out upper, out lower);
            }
            Bucket(new Vector<float>(max) - x).CopyTo(bucket);
            upper.CopyTo(high);
            lower.CopyTo(low);
            for (int lane = 0; lane < bucket.Length; lane++) buckets[bucket[lane]] += ((long)high[lane] << HalfBits) + low[lane];
        }
        for (; i < logits.Length; i++)
            if (!float.IsNegativeInfinity(logits[i])) buckets[Bucket(max - logits[i])] += Measure(weights, i);
    }

    // The bucket in which the target is reached; before becomes what the buckets before it hold.
    private static int Crossing(ReadOnlySpan<long> buckets, ref long before, long target)
    {
        int crossing = 0;
        while (crossing < buckets.Length - 1 && before + buckets[crossing] < target) before += buckets[crossing++];
        return crossing;
    }

    // The keys of a bucket's tokens, by rising id.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Collect(ReadOnlySpan<float> logits, float max, int crossing, Span<ulong> keys)
    {
        int count = 0, i = 0;
        for (; i + Width <= logits.Length; i += Width)
        {
            if (!Vector.EqualsAny(Bucket(new Vector<float>(max) - new Vector<float>(logits[i..])), new Vector<int>(crossing))) continue;
            for (int token = i; token < i + Width; token++) Add(logits, token, keys);
        }
        for (; i < logits.Length; i++) Add(logits, i, keys);
        return count;

        void Add(ReadOnlySpan<float> logits, int token, Span<ulong> keys)
        {
            if (!float.IsNegativeInfinity(logits[token]) && Bucket(max - logits[token]) == crossing) keys[count++] = Key(logits[token], token);
        }
    }

    // The token at which the target is reached.
    private static int LastKept(Span<ulong> keys, long before, long target, ReadOnlySpan<float> weights, Span<long> buckets)
    {
        while (keys.Length > Few)
        {
            (uint from, uint to) = (uint.MaxValue, 0);
            foreach (ulong key in keys) (from, to) = (Math.Min(from, (uint)(key >> 32)), Math.Max(to, (uint)(key >> 32)));
            if (from == to) break; // equal logits are in order already
            int shift = Math.Max(0, 32 - BitOperations.LeadingZeroCount(to - from) - FineBits);
            Span<long> fine = buckets[..(1 << FineBits)];
            fine.Clear();
            foreach (ulong key in keys) fine[(int)(((uint)(key >> 32) - from) >> shift)] += Measure(weights, (int)(uint)key);
            int crossing = Crossing(fine, ref before, target), count = 0;
            foreach (ulong key in keys) if ((int)(((uint)(key >> 32) - from) >> shift) == crossing) keys[count++] = key;
            keys = keys[..count];
        }
        if (keys.Length <= Few) keys.Sort();
        int last = 0;
        while ((before += Measure(weights, (int)(uint)keys[last])) < target) last++;
        return (int)(uint)keys[last];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CutOff(Span<float> logits, int lastKept)
    {
        float least = logits[lastKept];
        var limit = new Vector<float>(least);
        int i = 0;
        for (; i + Width <= lastKept; i += Width)
        {
            var x = new Vector<float>(logits[i..]);
            Vector.ConditionalSelect(Vector.LessThan(x, limit), new Vector<float>(float.NegativeInfinity), x).CopyTo(logits[i..]);
        }
        for (; i <= lastKept; i++) if (logits[i] < least) logits[i] = float.NegativeInfinity;
        for (; i + Width <= logits.Length; i += Width)
        {
            var x = new Vector<float>(logits[i..]);
            Vector.ConditionalSelect(Vector.LessThanOrEqual(x, limit), new Vector<float>(float.NegativeInfinity), x).CopyTo(logits[i..]);
        }
        for (; i < logits.Length; i++) if (logits[i] <= least) logits[i] = float.NegativeInfinity;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Total(ReadOnlySpan<float> weights)
    {
        const int Flush = 1 << (30 - HalfBits); // before 32 bits could overflow
        long total = 0;
        int i = 0;
        while (i + Width <= weights.Length)
        {
            Vector<int> high = Vector<int>.Zero, low = Vector<int>.Zero;
            for (int end = Math.Min(weights.Length - Width, i + (Flush - 1) * Width); i <= end; i += Width)
            {
                Split(new Vector<float>(weights[i..]), out Vector<int> upper, out Vector<int> lower);
                high += upper;
                low += lower;
            }
            for (int lane = 0; lane < Width; lane++) total += ((long)high[lane] << HalfBits) + low[lane];
        }
        for (; i < weights.Length; i++) total += Measure(weights, i);
        return total;
    }

    // The halves of ⌊weight · 2⁴⁰⌋; every step is exact, since what a float's whole part leaves is a float.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Split(Vector<float> weight, out Vector<int> high, out Vector<int> low)
    {
        Vector<float> scaled = weight * HalfUnit;
        high = Vector.ConvertToInt32(scaled);
        low = Vector.ConvertToInt32((scaled - Vector.ConvertToSingle(high)) * HalfUnit);
    }

    private static long Measure(ReadOnlySpan<float> weights, int token) => weights.IsEmpty ? 1 : (long)(weights[token] * (HalfUnit * HalfUnit));

    // Bits of a number that is not negative rise with it.
    private static int Bucket(float gap) => Math.Clamp((BitConverter.SingleToInt32Bits(gap) >> Shift) - First, 0, Last);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<int> Bucket(Vector<float> gap) =>
        Vector.Min(Vector.Max((Vector.AsVectorInt32(gap) >> Shift) - new Vector<int>(First), Vector<int>.Zero), new Vector<int>(Last));

    // Rises as the logit falls, then as the id rises.
    private static ulong Key(float logit, int token)
    {
        uint bits = BitConverter.SingleToUInt32Bits(logit + 0f); // −0 + 0 is +0: equal logits get equal keys
        uint rising = (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
        return ((ulong)~rising << 32) | (uint)token;
    }
}
