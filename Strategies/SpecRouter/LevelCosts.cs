using System.Numerics;
using Switchyard.Model;
using Switchyard.Strategies.Costs;

namespace Switchyard.Strategies.SpecRouter;

/// <summary>
/// Costs learned while decoding: a given guess, times how far passes of about the same size were off it lately.
/// </summary>
/// <remarks>
/// Guesses may be in any unit: what was measured of one level scales those of which nothing was. They may get better meanwhile. The first pass of a level is
/// not counted (it compiles and touches memory), and one that takes more than thrice the estimate counts as thrice, so that a
/// hiccup does not change the chain while a lasting change does.
/// </remarks>
public sealed class LevelCosts : ILevelCosts
{
    private const int Sizes = 8; // 1, 2, 3–4, 5–8, … rows in all
    private const double Rate = 0.05, Outlier = 3; // a lasting change is half believed after fourteen passes, noise moves little
    private const double FreeSeconds = 1e-6; // a guess at a level that runs no model

    private readonly Func<int, int, int, int, double> _guess;
    private readonly IReadOnlyList<(IPassCosts Costs, LayerRange Layers)?> _profiles = [];
    private readonly Seen[] _of; // [levels, sizes]
    private readonly int[] _seen;

    /// <summary>Starts from guesses.</summary>
    /// <param name="levels">Levels of the ladder.</param>
    /// <param name="guess">Seconds by (level, batch, context, rows a sequence), up to a common factor.</param>
    public LevelCosts(int levels, Func<int, int, int, int, double> guess)
    {
        ArgumentNullException.ThrowIfNull(guess);
        (_guess, _of, _seen) = (guess, new Seen[levels * Sizes], new int[levels]);
    }

    /// <summary>Starts from what passes of each level's model were measured to cost, and has them measured between steps.</summary>
    /// <param name="levels">Costs and layers of each level's model; null for a level that runs none. Not owned.</param>
    public LevelCosts(IReadOnlyList<(IPassCosts Costs, LayerRange Layers)?> levels)
        : this((levels ?? throw new ArgumentNullException(nameof(levels))).Count, (level, batch, context, rows) => levels[level] is { } model ? model.Costs.Seconds(model.Layers, batch, context, rows) : FreeSeconds) =>
        _profiles = levels;

    /// <summary>Guesses by the numbers of weights: a pass reads them once, and every further row adds a tenth.</summary>
    /// <param name="weights">Weights of each level; 0 for one that runs no model.</param>
    public static LevelCosts ByWeights(params IReadOnlyList<long> weights) =>
        new(weights.Count, (level, batch, _, rows) => (weights[level] * 1e-10 + 1e-7) * (0.9 + 0.1 * batch * rows));

    /// <inheritdoc/>
    public double Seconds(int level, int batch, int context, int rows) => _guess(level, batch, context, rows) * Ratio(level, Size(batch * rows));

    /// <inheritdoc/>
    public void Observe(int level, int batch, int context, double rows, double seconds)
    {
        if (_seen[level]++ == 0 || !(seconds > 0)) return;
        var shape = new PassShape(level, batch, context, Math.Max(1, (int)Math.Round(rows)));
        double guessed = Guess(shape);
        if (!(guessed > 0)) return;
        int at = level * Sizes + Size((int)Math.Round(batch * rows));
        double ratio = seconds / guessed, before = RatioOf(at);
        int samples = _of[at].Samples;
        if (samples > 2) ratio = Math.Min(ratio, Outlier * before);
        _of[at] = new Seen(samples + 1, before + (ratio - before) * Math.Max(Rate, 1.0 / (samples + 1)), shape, guessed);
    }

    /// <inheritdoc/>
    public void BetweenSteps()
    {
        for (int level = 0; level < _profiles.Count; level++) _profiles[level]?.Costs.BetweenSteps();
    }

    /// <inheritdoc/>
    public void Calibrate(TimeSpan budget)
    {
        // Smaller models first: what they leave is the target's, whose passes are the longest.
        for (int level = 0; level < _profiles.Count; level++)
            if (_profiles[level] is { } model) model.Costs.Calibrate(model.Layers, level == _profiles.Count - 1 ? budget / 2 : budget / (2 * _profiles.Count));
    }

    /// <summary>The nearest measured size's ratio; of another level where this one was never measured; 1 where none was.</summary>
    private double Ratio(int level, int size)
    {
        if (Nearest(level, size) is { } own) return own;
        double sum = 0;
        int count = 0;
        for (int other = 0; other < _seen.Length; other++)
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
            if (size - away >= 0 && _of[level * Sizes + size - away].Samples > 0) return RatioOf(level * Sizes + size - away);
            if (size + away < Sizes && _of[level * Sizes + size + away].Samples > 0) return RatioOf(level * Sizes + size + away);
        }
        return null;
    }

    // Measured over guessed, as the guess is now.
    private double RatioOf(int at) => _of[at].Samples == 0 ? 0 : _of[at].Ratio * _of[at].Guessed / Guess(_of[at].Shape);

    private double Guess(PassShape shape) => _guess(shape.Level, shape.Batch, shape.Context, shape.Rows);

    private static int Size(int rows) => Math.Min(Sizes - 1, rows <= 1 ? 0 : 32 - BitOperations.LeadingZeroCount((uint)rows - 1));

    /// <summary>What was seen of passes of about one size: how many, measured over guessed, and the last one and its guess.</summary>
    private readonly record struct Seen(int Samples, double Ratio, PassShape Shape, double Guessed);
}
