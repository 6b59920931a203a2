namespace Switchyard.Strategies.SpecRouter;

/// <summary>
/// Finds the chain and the windows with the least predicted time per token, T_eff, over every ordered subset of the ladder that
/// ends in the target.
/// </summary>
/// <remarks>
/// A prefix of a chain is followed no further where its last level would be faster drafting alone. Ladders of more than five
/// levels are searched for chains of up to three. Nothing is allocated once the buffers fit.
/// </remarks>
internal sealed class ChainSearch(SimilarityTracker similarity, ILevelCosts costs, IReadOnlyList<int> windows, int horizon)
{
    private const double Hope = 0.97; // acceptance of pairs that never met, in hopeful searches; and at most of others
    private const double Doubt = 2; // standard errors that hopeful searches add to what was observed

    private readonly int[] _windows = [.. windows.Order()];
    private const int FullSearch = 5, LongestChain = 3;

    private readonly ChainRound[] _rounds = NewRounds();
    private double _best;
    private ChainPlan _plan;
    private bool _hopes;

    /// <summary>The best chain, and its T_eff: plain decoding where nothing beats it.</summary>
    /// <param name="view">The moment.</param>
    /// <param name="hopes">Whether pairs are believed to fit as well as what was seen of them allows, and levels to have caught up: what is worth trying.</param>
    /// <param name="secondsPerToken">T_eff, switch costs included.</param>
    public ChainPlan Find(in ChainView view, bool hopes, out double secondsPerToken)
    {
        (_plan, _best, _hopes) = (ChainPlan.Only(view.Target), Plain(view), hopes);
        for (int bottom = 0; bottom < view.Target; bottom++)
        {
            if ((view.Usable >> bottom & 1) == 0) continue;
            _rounds[0].Draft(costs.Seconds(bottom, view.Batch, view.Context, 1));
            Extend(view, 1, bottom, ChainPlan.Only(bottom), CatchUp(view, bottom));
        }
        (secondsPerToken, _hopes) = (_best, false);
        return _plan;
    }

    /// <summary>T_eff of one chain, switch costs included.</summary>
    public double Predict(in ChainView view, ChainPlan plan)
    {
        if (plan.Count == 1) return Plain(view);
        int depth = 0, below = plan.Bottom;
        _rounds[0].Draft(costs.Seconds(below, view.Batch, view.Context, 1));
        double catchUp = CatchUp(view, below);
        for (int level = below + 1; level <= plan.Top; level++)
        {
            if (!plan.Has(level)) continue;
            catchUp += level == plan.Top ? 0 : CatchUp(view, level);
            _rounds[depth + 1].Verify(_rounds[depth], similarity.Acceptance(below, level), plan.Window(level), new PassTime(costs, level, view.Batch, view.Context));
            (depth, below) = (depth + 1, level);
        }
        return _rounds[depth].SecondsPerToken + catchUp;
    }

    /// <summary>Seconds that levels which join a chain have to run before they help, of all sequences together.</summary>
    public double Joining(in ChainView view, ChainPlan plan)
    {
        double perToken = 0;
        for (int level = 0; level < view.Target; level++)
            if (plan.Has(level)) perToken += CatchUp(view, level);
        return perToken * horizon;
    }

    /// <summary>Seconds per token of plain decoding.</summary>
    public double Plain(in ChainView view) => costs.Seconds(view.Target, view.Batch, view.Context, 1);

    /// <summary>
    /// Whether a sequence should join a pass with half a window: its rows there must cost no more per token than the chain's own
    /// tokens do.
    /// </summary>
    public bool Rides(in ChainView view, ChainPlan plan, double secondsPerToken)
    {
        if (view.Batch == 1 || plan.Count == 1) return true;
        int below = plan.Bottom, target = view.Target, half = Math.Max(1, plan.Window(target) / 2);
        for (int level = 0; level < target; level++)
            if (plan.Has(level)) below = level;
        double acceptance = similarity.Acceptance(below, target), tokens = 0, reached = 1;
        for (int i = 0; i <= half; i++, reached *= acceptance) tokens += reached;
        double with = costs.Seconds(target, view.Batch, view.Context, half + 1), without = costs.Seconds(target, view.Batch - 1, view.Context, half + 1);
        return (with - without) / tokens <= 1.1 * secondsPerToken / view.Batch + 1e-12;
    }

    private void Extend(in ChainView view, int depth, int below, ChainPlan prefix, double catchUp)
    {
        bool mayGrow = view.Behind.Length <= FullSearch || depth + 2 <= LongestChain;
        for (int level = below + 1; level <= view.Target; level++)
        {
            bool last = level == view.Target;
            if ((view.Usable & view.Verifying & 1u << level) == 0 || (!last && !mayGrow)) continue;
            double acceptance = Acceptance(below, level), alone = costs.Seconds(level, view.Batch, view.Context, 1);
            double joined = last ? catchUp : catchUp + CatchUp(view, level);
            var time = new PassTime(costs, level, view.Batch, view.Context);
            foreach (int window in _windows)
            {
                if (window > view.MostPending[level]) break;
                ChainRound round = _rounds[depth];
                round.Verify(_rounds[depth - 1], acceptance, window, time);
                if (last) Offer(prefix.Then(level, window), round.SecondsPerToken + joined);
                else if (round.SecondsPerToken < alone) Extend(view, depth + 1, level, prefix.Then(level, window), joined);
            }
        }
    }

    private double Acceptance(int drafter, int verifier)
    {
        double acceptance = similarity.Acceptance(drafter, verifier);
        if (!_hopes || acceptance >= Hope) return acceptance;
        double tokens = similarity.TokensTried(drafter, verifier);
        return tokens == 0 ? Hope : Math.Min(Hope, acceptance + Doubt * Math.Sqrt((acceptance * (1 - acceptance) + 1 / tokens) / tokens));
    }

    private void Offer(ChainPlan plan, double seconds)
    {
        if (seconds < _best) (_best, _plan) = (seconds, plan);
    }

    /// <summary>What a level that was not in use has to run before it helps, spread over the horizon.</summary>
    private double CatchUp(in ChainView view, int level)
    {
        int behind = view.Behind[level];
        return _hopes || behind <= 1 || view.Current.Has(level) ? 0 : view.Batch * costs.Seconds(level, 1, view.Context, behind) / horizon;
    }

    private static ChainRound[] NewRounds()
    {
        var rounds = new ChainRound[ChainPlan.MaxLevels];
        for (int i = 0; i < rounds.Length; i++) rounds[i] = new();
        return rounds;
    }

    /// <summary>Pending tokens run beside the token before them, whose own logits are the first to be looked at.</summary>
    private readonly struct PassTime(ILevelCosts costs, int level, int batch, int context) : IPassTime
    {
        public double Seconds(int pending) => costs.Seconds(level, batch, context, pending + 1);
    }
}
