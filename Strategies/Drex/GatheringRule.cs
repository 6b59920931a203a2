namespace Switchyard.Strategies.Drex;

/// <summary>
/// Gathers as many rows at an exit as give the most tokens a second, by the measured times of shallow and deep passes.
/// </summary>
/// <remarks>
/// For N requests of which a part q stays at the exit, gathering K rows is a cycle: shallow passes of the N − parked rows that
/// are ready, each leaving q of them behind, until K wait; then one deep pass for all of them. Its seconds by token,
/// (Σ t_s(ready) + t_d(K)) / tokens, are computed for every K and the least wins. K = 1, never waiting, is kept unless another
/// is better by <see cref="Margin"/>. ART (DREX, arXiv:2512.15705) asks the same question for one split with averages in place
/// of times by rows.
/// </remarks>
/// <param name="costs">Times of stages by rows.</param>
/// <param name="stages">Stages of the model: exits + 1.</param>
public sealed class GatheringRule(ISplitCosts costs, int stages) : IRebatchRule
{
    private const int Lifetime = 64;      // decisions after which a result is computed anew, because measured times move
    private const int RateSteps = 32;     // resolution of the stay rate
    private const int MaxRounds = 64;     // shallow passes of one cycle

    private readonly (int Population, int Rate, int Left, int Rows)[] _memo = new (int, int, int, int)[stages];

    /// <summary>Part of the time that waiting must save.</summary>
    public const double Margin = 0.01;

    /// <inheritdoc/>
    public bool GoOn(in RampSituation situation)
    {
        int population = situation.Waiting + situation.Ready, rate = (int)Math.Round(situation.StayRate * RateSteps);
        ref (int Population, int Rate, int Left, int Rows) memo = ref _memo[situation.Ramp];
        if (memo.Left == 0 || memo.Population != population || memo.Rate != rate)
            memo = (population, rate, Lifetime, BestRows(situation.Ramp, population, (double)rate / RateSteps, situation.MaxRows));
        memo.Left--;
        return situation.Waiting >= memo.Rows;
    }

    /// <summary>Rows worth gathering at an exit before going on.</summary>
    /// <param name="ramp">Index of the exit.</param>
    /// <param name="population">Requests that take part.</param>
    /// <param name="stayRate">Part of the rows that stay, in [0, 1].</param>
    /// <param name="maxRows">Rows a pass takes.</param>
    public int BestRows(int ramp, int population, double stayRate, int maxRows)
    {
        int best = 1;
        double least = SecondsPerToken(ramp, population, stayRate, 1, maxRows) * (1 - Margin);
        for (int rows = 2; rows <= Math.Min(population, maxRows); rows++)
        {
            double seconds = SecondsPerToken(ramp, population, stayRate, rows, maxRows);
            if (seconds < least) (best, least) = (rows, seconds);
        }
        return best;
    }

    /// <summary>Seconds by token of gathering <paramref name="rows"/> rows; see the remarks of the class.</summary>
    public double SecondsPerToken(int ramp, int population, double stayRate, int rows, int maxRows)
    {
        double parked = 0, seconds = 0, tokens = 0;
        for (int round = 0; round == 0 || (parked < rows && rows > 1 && round < MaxRounds); round++)
        {
            double ready = Math.Min(maxRows, population - parked);
            if (ready < 0.5) break;
            seconds += Through(0, ramp + 1, ready);
            parked += ready * stayRate;
            tokens += ready * (1 - stayRate);
        }
        if (rows > 1) return (seconds + Through(ramp + 1, stages, parked)) / (tokens + parked);
        double any = 1 - Math.Pow(1 - stayRate, Math.Min(maxRows, population)); // never waiting: a deep pass whenever one stays
        return (seconds + (any > 0 ? any * Through(ramp + 1, stages, parked / any) : 0)) / (tokens + parked);
    }

    private double Through(int from, int to, double rows)
    {
        double seconds = 0;
        for (int stage = from; stage < to; stage++) seconds += costs.Seconds(stage, rows);
        return seconds;
    }
}
