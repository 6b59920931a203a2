namespace Switchyard.Strategies.SpecRouter;

/// <summary>
/// How alike the levels of a ladder are, and how often one keeps the other's tokens: SimScore = 1 − E[D_TV] and observed
/// acceptance, both as moving averages.
/// </summary>
/// <remarks>
/// Under shared noise the chance α that a token is kept lies between (1 − D)/(1 + D) and 1 − D for a total variation D
/// (arXiv:2408.07978), so the prior of a pair is the mean of the lower bound over the positions compared; at temperature 0 it is
/// how often both name the same token. What was observed takes over as blocks come in: α = w·observed + (1 − w)·prior with
/// w = n/(n + 20).
/// </remarks>
public sealed class SimilarityTracker
{
    private const double PriorBlocks = 20, GuessTokens = 2; // of which nothing was compared, the prior is a mere guess

    private readonly double _rate, _start;
    private readonly double[] _similarity, _prior, _tried, _kept; // [levels, levels]; the first two symmetric
    private readonly int[] _compared, _blocks;

    /// <summary>Makes a tracker that knows nothing yet.</summary>
    /// <param name="levels">Levels of the ladder.</param>
    /// <param name="rate">Weight of the newest sample, in (0, 1].</param>
    /// <param name="start">Similarity of pairs of which nothing can be said, in [0, 1].</param>
    public SimilarityTracker(int levels, double rate = 0.04, double start = 0.5)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(levels);
        (LevelCount, _rate, _start) = (levels, rate, start);
        int pairs = levels * levels;
        (_similarity, _prior, _tried, _kept) = (new double[pairs], new double[pairs], new double[pairs], new double[pairs]);
        (_compared, _blocks) = (new int[pairs], new int[pairs]);
    }

    /// <summary>Levels of the ladder.</summary>
    public int LevelCount { get; }

    /// <summary>Takes the total variation of two levels' distributions at one position, as they are sampled: after temperature and filters.</summary>
    /// <param name="one">A level.</param>
    /// <param name="other">Another.</param>
    /// <param name="distance">In [0, 1].</param>
    /// <param name="greedy">Temperature 0: the distributions are single tokens, and the distance is 0 or 1.</param>
    public void ObserveDistance(int one, int other, double distance, bool greedy)
    {
        if (!(distance >= 0)) return; // a level that gave no numbers
        distance = Math.Min(1, distance);
        double kept = greedy ? 1 - distance : (1 - distance) / (1 + distance);
        for (int turn = 0; turn < 2; turn++, (one, other) = (other, one))
        {
            int pair = Pair(one, other);
            Move(ref _similarity[pair], 1 - distance, _compared[pair]);
            Move(ref _prior[pair], kept, _compared[pair]);
            _compared[pair]++;
        }
    }

    /// <summary>Takes what became of one block of a level's tokens.</summary>
    /// <param name="drafter">Whose tokens they were.</param>
    /// <param name="verifier">Who checked them.</param>
    /// <param name="tried">Tokens kept, and the one that was not, if there was one.</param>
    /// <param name="kept">Tokens kept.</param>
    public void ObserveBlock(int drafter, int verifier, int tried, int kept)
    {
        if (tried <= 0) return;
        int pair = Pair(drafter, verifier);
        Move(ref _tried[pair], tried, _blocks[pair]); // the ratio of the averages, not the average of ratios: long blocks say more
        Move(ref _kept[pair], kept, _blocks[pair]);
        _blocks[pair]++;
    }

    /// <summary>Blocks of <paramref name="drafter"/>'s tokens that <paramref name="verifier"/> checked.</summary>
    public int Blocks(int drafter, int verifier) => _blocks[Pair(drafter, verifier)];

    /// <summary>Tokens of <paramref name="drafter"/> that <paramref name="verifier"/> checked and that its observed acceptance rests on.</summary>
    public double TokensTried(int drafter, int verifier)
    {
        int pair = Pair(drafter, verifier);
        return _tried[pair] * Math.Min(_blocks[pair], 1 / _rate);
    }

    /// <summary>Observed acceptance; NaN before the first block.</summary>
    public double Observed(int drafter, int verifier)
    {
        int pair = Pair(drafter, verifier);
        return _blocks[pair] == 0 ? double.NaN : _kept[pair] / _tried[pair];
    }

    /// <summary>
    /// Similarity of two levels, in [0, 1]: measured, or what the triangle inequality of total variation leaves at least, or the
    /// starting value.
    /// </summary>
    public double Similarity(int one, int other)
    {
        if (one == other) return 1;
        int pair = Pair(one, other);
        if (_compared[pair] > 0) return _similarity[pair];
        double best = double.NegativeInfinity;
        for (int middle = 0; middle < LevelCount; middle++)
        {
            if (_compared[Pair(one, middle)] == 0 || _compared[Pair(middle, other)] == 0) continue;
            best = Math.Max(best, _similarity[Pair(one, middle)] + _similarity[Pair(middle, other)] - 1);
        }
        return double.IsNegativeInfinity(best) ? _start : Math.Max(0, best);
    }

    /// <summary>α: the chance that <paramref name="verifier"/> keeps a token of <paramref name="drafter"/> where it kept all before it.</summary>
    public double Acceptance(int drafter, int verifier)
    {
        int pair = Pair(drafter, verifier);
        double prior = Prior(drafter, verifier);
        if (_blocks[pair] == 0) return prior;
        double tokens = TokensTried(drafter, verifier), weight = _blocks[pair] / (_blocks[pair] + PriorBlocks);
        if (_compared[pair] == 0) weight = tokens / (tokens + GuessTokens);
        return weight * (_kept[pair] / _tried[pair]) + (1 - weight) * prior;
    }

    private double Prior(int drafter, int verifier)
    {
        int pair = Pair(drafter, verifier);
        if (_compared[pair] > 0) return _prior[pair];
        double similarity = Similarity(drafter, verifier);
        return similarity / (2 - similarity); // (1 − D)/(1 + D) with D = 1 − similarity
    }

    private void Move(ref double average, double sample, int before) =>
        average += (sample - average) * Math.Max(_rate, 1.0 / (before + 1)); // the first samples weigh alike

    private int Pair(int one, int other)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)one, (uint)LevelCount, nameof(one));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)other, (uint)LevelCount, nameof(other));
        return one * LevelCount + other;
    }
}
