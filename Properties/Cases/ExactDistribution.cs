using Switchyard.Strategies;

namespace Switchyard.Properties;

/// <summary>The distribution that a sampler must draw from, worked out in double precision from the options' definitions.</summary>
internal static class ExactDistribution
{
    /// <summary>Probabilities of every token; null where a cut falls so near a token that rounding decides.</summary>
    public static double[]? Of(SamplerCase c)
    {
        GenerationOptions o = c.Options;
        double[] logits = [.. c.Logits.Select(l => (double)l)];
        if (o.RepetitionPenalty != 1)
            foreach (int token in c.Prompt.Distinct()) logits[token] = logits[token] > 0 ? logits[token] / o.RepetitionPenalty : logits[token] * o.RepetitionPenalty;
        foreach ((int token, float bias) in o.LogitBias ?? new Dictionary<int, float>()) logits[token] += bias;

        int[] order = [.. Enumerable.Range(0, logits.Length).OrderByDescending(t => logits[t])]; // stable: ties by lowest id
        int kept = Math.Min(o.TopK ?? logits.Length, logits.Length);
        double[] weights = [.. logits.Select(l => Math.Exp((l - logits.Max()) / o.Temperature))];
        if (o.TopP is { } p && TopP(order[..kept], weights, p) is { } fewer) kept = fewer;
        else if (o.TopP is not null) return null;

        bool[] stays = [.. Enumerable.Range(0, logits.Length).Select(t => Array.IndexOf(order, t) < kept)];
        if (o.MinP is { } minP)
            for (int t = 0; t < stays.Length; t++)
            {
                if (Math.Abs(weights[t] - minP) < 1e-4) return null;
                stays[t] &= weights[t] >= minP;
            }
        double total = weights.Where((_, t) => stays[t]).Sum();
        return [.. weights.Select((w, t) => stays[t] ? w / total : 0)];
    }

    /// <summary>How many of the likeliest tokens reach <paramref name="p"/>; null where that is too close to tell.</summary>
    private static int? TopP(int[] order, double[] weights, float p)
    {
        double total = order.Sum(t => weights[t]), sum = 0;
        for (int i = 0; i < order.Length; i++)
        {
            sum += weights[order[i]];
            if (Math.Abs(sum / total - p) < 1e-4) return null;
            if (sum / total >= p) return i + 1;
        }
        return order.Length;
    }
}
