using Switchyard.Strategies.Sampling;
using Xunit;

namespace Switchyard.Tests.Sampling;

public sealed class PrefixCutTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(37)]
    [InlineData(5_003)]
    [InlineData(70_001)]
    public void What_stays_is_what_sorting_and_adding_integers_keep(int size)
    {
        var random = new Random(size);
        var workspace = new SamplerWorkspace();
        workspace.Reserve(size);
        foreach (Func<int, float> law in (Func<int, float>[])[
            _ => 0.25f, // all alike
            _ => random.Next(4), // a few values, many ties
            _ => (float)(random.NextDouble() - 0.5) * 1e-6f, // gaps below the finest bucket
            _ => (float)(3 * (random.NextDouble() + random.NextDouble() + random.NextDouble())), // a broad top
            _ => (float)(2 * Math.Log(random.NextDouble())), // a long tail
            i => i % 5 == 0 ? float.NegativeInfinity : (float)(40 * random.NextDouble()), // excluded ones; gaps beyond the last digit of weights
            _ => random.Next(2) == 0 ? -0f : 0f])
        {
            float[] logits = [.. Enumerable.Range(0, size).Select(law)];
            if (float.IsNegativeInfinity(logits[0])) logits[0] = 1;
            float max = logits.Max();
            float[] weights = new float[size];
            LogitScan.Exponentials(logits, max, 1 / 0.8f, weights);
            foreach (double share in (double[])[1e-9, 0.3, 0.95, 1 - 1e-12])
            {
                float[] got = [.. logits];
                PrefixCut.ByShare(got, max, share, weights, workspace);
                Assert.Equal(Reference(logits, weights, share), Kept(got));
            }
            foreach (int k in (int[])[1, 2, size / 3, size - 1])
            {
                if (k < 1 || k >= size) continue;
                float[] got = [.. logits];
                PrefixCut.ByCount(got, max, k, workspace);
                Assert.Equal(Sorted(logits).Take(k).Order(), Kept(got));
            }
        }
    }

    private static IEnumerable<int> Reference(float[] logits, float[] weights, double share)
    {
        long total = weights.Sum(Measure), target = Math.Max(1, (long)Math.Ceiling(share * total)), sum = 0;
        var kept = new List<int>();
        foreach (int token in Sorted(logits))
        {
            kept.Add(token);
            if ((sum += Measure(weights[token])) >= target) break;
        }
        return kept.Order();
    }

    private static long Measure(float weight) => (long)(weight * (double)(1L << 40));

    private static IEnumerable<int> Sorted(float[] logits) =>
        Enumerable.Range(0, logits.Length).Where(i => !float.IsNegativeInfinity(logits[i])).OrderByDescending(i => logits[i]).ThenBy(i => i);

    private static IEnumerable<int> Kept(float[] logits) => Enumerable.Range(0, logits.Length).Where(i => !float.IsNegativeInfinity(logits[i]));
}
