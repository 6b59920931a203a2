using Switchyard.Strategies.Costs;

namespace Switchyard.Strategies.SpecRouter;

/// <summary>
/// SpecRouter's scheduler (arXiv:2505.07680): predicts the time per token of every chain from measured costs and similarity, and
/// keeps to the best.
/// </summary>
/// <remarks>
/// It plans anew every <see cref="ChainPlannerOptions.Interval"/> target passes, when the number of sequences changes and when
/// a level drops out or comes back; it switches for a predicted gain above <see cref="ChainPlannerOptions.Hysteresis"/>, and
/// falls back to the target alone where nothing beats it. Pairs of levels are given the benefit of the doubt, the more the less was seen of them: a
/// chain that would then be best is tried for a few passes. A random chain is tried now and then.
/// </remarks>
public sealed class ChainPlanner : IChainPolicy, IPauses
{
    private const double FirstLoss = 8; // passes of the target that trials may be thought to lose
    private const double LossShare = 0.01; // of all of its passes, beyond that
    private const double RandomPart = 0.5; // of that, for random chains beside
    private const double WindowsPart = 0.4; // of the hysteresis, where only windows change
    private const int TrialWindow = 4; // at most: hopes are for long ones, which cost much where they fail
    private const int EarlyPlans = 4; // after which the time to the next one doubles

    private readonly ChainPlannerOptions _options;
    private readonly ChainSearch _search;
    private readonly ILevelCosts _costs;
    private ulong _random;
    private long _due;
    private int _batch;
    private uint _usable;
    private bool _exploring, _resumed;
    private double _lost, _lostAtRandom; // the target's passes that trials, and random chains, were thought to lose

    /// <summary>Makes a planner.</summary>
    /// <param name="similarity">Learns as the planner is told of blocks and distances.</param>
    /// <param name="costs">Learns as the planner is told of passes.</param>
    /// <param name="options">Null for the defaults.</param>
    public ChainPlanner(SimilarityTracker similarity, ILevelCosts costs, ChainPlannerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(similarity);
        ArgumentNullException.ThrowIfNull(costs);
        (Similarity, _costs, _options) = (similarity, costs, options ?? new());
        _search = new ChainSearch(similarity, costs, _options.Windows, _options.Horizon);
        _random = _options.Seed;
    }

    /// <summary>What is known of the levels' likeness.</summary>
    public SimilarityTracker Similarity { get; }

    /// <summary>The chain that was best at the last plan; not the one in use while another is explored.</summary>
    public ChainPlan Best { get; private set; }

    /// <summary>Predicted seconds per token of <see cref="Best"/>.</summary>
    public double PredictedSeconds { get; private set; }

    /// <summary>Predicted seconds per token of plain decoding at the last plan.</summary>
    public double PlainSeconds { get; private set; }

    /// <summary>Plans made.</summary>
    public int Plans { get; private set; }

    /// <summary>Predicted seconds per token of a chain, T_eff with switch costs.</summary>
    public double Predict(in ChainView view, ChainPlan plan) => _search.Predict(view, plan);

    /// <inheritdoc/>
    public ChainPlan Next(in ChainView view)
    {
        bool changed = view.Batch != _batch || view.Usable != _usable;
        if (view.Current.Levels != 0 && !changed && view.Blocks < _due) return view.Current;
        (_batch, _usable) = (view.Batch, view.Usable);
        Plans++;
        PlainSeconds = _search.Plain(view);
        Decide(view);

        bool mayExplore = !_exploring && Plans > 1;
        _exploring = false;
        if (mayExplore && Explore(view) is { Levels: not 0 } trial && trial != Best)
        {
            (_exploring, _due) = (true, view.Blocks + _options.ExplorationBlocks);
            return trial;
        }
        _due = view.Blocks + Math.Min(_options.Interval, _options.ExplorationBlocks << Math.Min(16, (Plans - 1) / EarlyPlans)); // what is known at first changes fast
        return Best;
    }

    /// <inheritdoc/>
    public void ObservePass(int level, int batch, int context, double rows, double seconds) => _costs.Observe(level, batch, context, rows, seconds);

    /// <inheritdoc/>
    public void ObserveBlock(int drafter, int verifier, int tried, int kept) => Similarity.ObserveBlock(drafter, verifier, tried, kept);

    /// <inheritdoc/>
    public void ObserveDistance(int one, int other, double distance, bool greedy) => Similarity.ObserveDistance(one, other, distance, greedy);

    /// <inheritdoc/>
    public void BetweenSteps() => _costs.BetweenSteps();

    /// <inheritdoc/>
    public void Calibrate(TimeSpan budget) => _costs.Calibrate(budget);

    /// <inheritdoc/>
    /// <remarks>The next plan is made at once, and may try what would be best with some luck whatever trials have cost before.</remarks>
    public void Resume()
    {
        if (Best.Count == 1) (_due, _resumed) = (0, true);
    }

    /// <inheritdoc/>
    public double PassTokens(PassShape shape) =>
        PredictedSeconds > 0 ? _costs.Seconds(shape.Level, shape.Batch, shape.Context, shape.Rows) / PredictedSeconds : 0;

    /// <inheritdoc/>
    public string? Explain() => Plans == 0
        ? null
        : FormattableString.Invariant($"predicted {PredictedSeconds * 1e3:G3} ms a token against {PlainSeconds * 1e3:G3} ms plain, {Plans} plans");

    private void Decide(in ChainView view)
    {
        ChainPlan found = _search.Find(view, hopes: false, out double seconds);
        bool usable = Best.Levels != 0 && (Best.Levels & ~view.Usable) == 0;
        double kept = usable ? _search.Predict(view, Best) : double.PositiveInfinity;
        if (found != Best.WithRides(found.Rides) && usable && kept < PlainSeconds && seconds >= kept * (1 - Needed(found))) (found, seconds) = (Best, kept);
        (Best, PredictedSeconds) = (found.WithRides(_search.Rides(view, found, seconds)), seconds);
    }

    // Other windows cost nothing to change to: no level has to catch up.
    private double Needed(ChainPlan found) => found.Levels == Best.Levels ? _options.Hysteresis * WindowsPart : _options.Hysteresis;

    /// <summary>A chain to be tried for a few passes; none if there is nothing to try, or if trials have lost enough.</summary>
    private ChainPlan Explore(in ChainView view)
    {
        double most = FirstLoss + LossShare * view.Blocks;
        if (_resumed || _lost < most)
        {
            _resumed = false;
            ChainPlan hopeful = Short(_search.Find(view, hopes: true, out double seconds));
            if (seconds < PredictedSeconds * (1 - _options.Hysteresis) && hopeful.Levels != Best.Levels)
            {
                _lost += LossOf(view, hopeful);
                return hopeful;
            }
        }
        if (NextRandom() >= _options.Exploration || RandomChain(view) is not { Levels: not 0 } random) return default;
        double loss = LossOf(view, random);
        if (_lostAtRandom + loss > RandomPart * most) return default;
        _lostAtRandom += loss;
        return random;
    }

    /// <summary>What a trial loses by what is believed now, in passes of the target: by its speed, and by what levels that join have to run first.</summary>
    private double LossOf(in ChainView view, ChainPlan trial)
    {
        double slower = Math.Max(0, _search.Predict(view, trial) / PredictedSeconds - 1);
        return slower * _options.ExplorationBlocks + _search.Joining(view, trial) / PlainSeconds;
    }

    private static ChainPlan Short(ChainPlan plan)
    {
        if (plan.Count == 1) return plan;
        ChainPlan trial = ChainPlan.Only(plan.Bottom).WithRides(plan.Rides);
        for (int level = plan.Bottom + 1; level <= plan.Top; level++)
            if (plan.Has(level)) trial = trial.Then(level, Math.Min(plan.Window(level), TrialWindow));
        return trial;
    }

    private ChainPlan RandomChain(in ChainView view)
    {
        ChainPlan plan = default;
        for (int level = 0; level <= view.Target; level++)
        {
            bool last = level == view.Target, verifies = (view.Verifying & 1u << level) != 0;
            if ((view.Usable & 1u << level) == 0 || (!last && NextRandom() < 0.5) || (plan.Levels != 0 && !verifies)) continue;
            if (plan.Levels == 0) plan = ChainPlan.Only(level);
            else if (view.MostPending[level] is > 0 and int most) plan = plan.Then(level, Math.Min(most, _options.Windows[(int)(NextRandom() * Math.Min(4, _options.Windows.Count))]));
        }
        if (plan.Top != view.Target) return default;
        return _search.Predict(view, plan) < 3 * PlainSeconds ? plan : default; // feasible, not absurd
    }

    private double NextRandom()
    {
        _random += 0x9E3779B97F4A7C15;
        ulong z = _random;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}
