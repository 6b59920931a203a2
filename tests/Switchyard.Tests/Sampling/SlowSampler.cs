using Switchyard.Strategies;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Tests.Sampling;

/// <summary>The documented rules of sampling, each in its plainest form: sorted lists, doubles, no early exit.</summary>
internal static class SlowSampler
{
    public static int Choose(float[] logits, GenerationOptions options, ulong seed, int[] prompt, int[] output)
    {
        double[] x = Shape(logits, options, prompt, output);
        int position = prompt.Length + output.Length;
        if (options.Temperature == 0) return Array.IndexOf(x, x.Max());
        double max = x.Max();
        int best = -1;
        double bestScore = double.NegativeInfinity;
        for (int i = 0; i < x.Length; i++)
        {
            if (double.IsNegativeInfinity(x[i])) continue;
            double score = (x[i] - max) / options.Temperature + GumbelNoise.At(seed, position, i);
            if (score > bestScore) (best, bestScore) = (i, score);
        }
        return best;
    }

    public static double[] Shape(float[] logits, GenerationOptions options, int[] prompt, int[] output)
    {
        float[] x = [.. logits];
        int[] all = [.. prompt, .. output];
        foreach (int token in all.TakeLast(options.RepetitionWindow ?? all.Length).Distinct().Where(t => t < x.Length))
            x[token] = x[token] > 0 ? x[token] / options.RepetitionPenalty : x[token] * options.RepetitionPenalty;
        foreach (var group in output.GroupBy(t => t).Where(g => g.Key < x.Length))
            x[group.Key] -= options.FrequencyPenalty * group.Count() + options.PresencePenalty;
        foreach ((int token, float bias) in options.LogitBias ?? new Dictionary<int, float>()) x[token] += bias;
        double[] shaped = [.. x.Select(v => (double)v)];
        if (options.Temperature == 0) return shaped;
        if (options.TopK is { } k) Keep(shaped, Ranked(shaped).Take(k));
        if (options.TopP is { } p) Keep(shaped, Nucleus(shaped, options.Temperature, p));
        if (options.MinP is { } minP)
        {
            double[] probabilities = Softmax(shaped, options.Temperature);
            double least = minP * probabilities.Max();
            Keep(shaped, Ranked(shaped).Where(i => probabilities[i] >= least));
        }
        return shaped;
    }

    public static double[] Softmax(double[] logits, double temperature)
    {
        double max = logits.Max(), total = logits.Sum(v => Math.Exp((v - max) / temperature));
        return [.. logits.Select(v => Math.Exp((v - max) / temperature) / total)];
    }

    public static IEnumerable<int> Ranked(double[] logits) =>
        Enumerable.Range(0, logits.Length).Where(i => !double.IsNegativeInfinity(logits[i])).OrderByDescending(i => logits[i]).ThenBy(i => i);

    private static IEnumerable<int> Nucleus(double[] logits, double temperature, double p)
    {
        double[] probabilities = Softmax(logits, temperature);
        double sum = 0;
        foreach (int i in Ranked(logits))
        {
            yield return i;
            sum += probabilities[i];
            if (sum >= p) yield break;
        }
    }

    private static void Keep(double[] logits, IEnumerable<int> kept)
    {
        HashSet<int> set = [.. kept];
        for (int i = 0; i < logits.Length; i++) if (!set.Contains(i)) logits[i] = double.NegativeInfinity;
    }
}
