using System.Numerics;

namespace Switchyard.Strategies.SpecRouter;

/// <summary>
/// Costs learned while decoding: a given guess, times how far passes of about the same size were off it lately.
/// </summary>
/// <remarks>
/// Guesses may be in any unit: what was measured of one level scales those of which nothing was. The first pass of a level is
/// not counted (it compiles and touches memory), and one that takes more than thrice the estimate counts as thrice, so that a
/// hiccup does not change the chain while a lasting change does.
/// </remarks>
/// <param name="levels">Levels of the ladder.</param>
/// <param name="guess">Seconds by (level, batch, context, rows a sequence), up to a common factor.</param>
public sealed class LevelCosts(int levels, Func<int, int, int, int, double> guess) : ILevelCosts
{
    private const int Sizes = 8; // 1, 2, 3–4, 5–8, … rows in all
    private const double Rate = 0.05, Outlier = 3; // a lasting change is half believed after fourteen passes, noise moves little

    private readonly double[] _ratio = new double[levels * Sizes]; // measured over guessed
    private readonly int[] _samples = new int[levels * Sizes], _seen = new int[levels];

    /// <summary>Guesses by the numbers of weights: a pass reads them once, and every further row adds a tenth.</summary>
    /// <param name="weights">Weights of each level; 0 for one that runs no model.</param>
    public static LevelCosts ByWeights(params IReadOnlyList<long> weights) =>
        new(weights.Count, (level, batch, _, rows) => (weights[level] * 1e-10 + 1e-7) * (0.9 + 0.1 * batch * rows));

    /// <inheritdoc/>
    public double Seconds(int level, int batch, int context, int rows) =>
        guess(level, batch, context, rows) * Ratio(level, Size(batch * rows));

    /// <inheritdoc/>
    public void Observe(int level, int batch, int context, double rows, double seconds)
    {
        if (_seen[level]++ == 0 || !(seconds > 0)) return;
        int size = Size((int)Math.Round(batch * rows)), at = level * Sizes + size;
        double guessed = guess(level, batch, context, Math.Max(1, (int)Math.Round(rows)));
        if (!(guessed > 0)) return;
        double ratio = seconds / guessed;
        if (_samples[at] > 2) ratio = Math.Min(ratio, Outlier * _ratio[at]);
        _ratio[at] += (ratio - _ratio[at]) * Math.Max(Rate, 1.0 / (_samples[at] + 1));
        _samples[at]++;
    }

    /// <summary>The nearest measured size's ratio; of another level where this one was never measured; 1 where none was.</summary>
    private double Ratio(int level, int size)
    {
        if (Nearest(level, size) is { } own) return own;
        double sum = 0;
        int count = 0;
        for (int other = 0; other < levels; other++)
        {
            if (Nearest(other, size) is not { } ratio) continue;
            (sum, count) = (sum + Math.Log(ratio), count + 1);
        }
        return count == 0 ? 1 : Math.Exp(sum / count);
    }

    private double? Nearest(int level, int size)
    {
        for (int away = 0; away < Sizes; away++)
        {
            if (size - away >= 0 && _samples[level * Sizes + size - away] > 0) return _ratio[level * Sizes + size - away];
            if (size + away < Sizes && _samples[level * Sizes + size + away] > 0) return _ratio[level * Sizes + size + away];
        }
        return null;
    }

    private static int Size(int rows) => Math.Min(Sizes - 1, rows <= 1 ? 0 : 32 - BitOperations.LeadingZeroCount((uint)rows - 1));
}
