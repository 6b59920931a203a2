namespace Switchyard.Strategies.Drex;

/// <summary>
/// Gathers as many rows at an exit as give the most tokens a second, by the measured times of shallow and deep passes.
/// </summary>
/// <remarks>
/// N requests, of which a part q stays at the exit, take shallow passes of n rows, as many as are ready, and every K rows that
/// wait share a deep pass. While K gather, (K − 1) / 2 wait on average, so n = min(rows of a pass, N − (K − 1) / 2), and a token
/// takes (t_s(n) + n·q / K · t_d(K)) / n. The K with the least wins. Never waiting, where a deep pass takes whoever stayed, is kept
/// unless a K is better by <see cref="Margin"/>. Times by rows are no straight lines: a pass of 12 rows may take less by row than
/// one of 16, so a group may leave rows behind for the next. ART (DREX, arXiv:2512.15705) asks the same question for one split
/// with averages in place of times by rows.
/// </remarks>
/// <param name="costs">Times of stages by rows.</param>
/// <param name="stages">Stages of the model: exits + 1.</param>
public sealed class GatheringRule(ISplitCosts costs, int stages) : IRebatchRule
{
    private const int Lifetime = 64;      // decisions after which a result is computed anew, because measured times move
    private const int RateSteps = 32;     // resolution of the stay rate

    private readonly (int Population, int Rate, int Left, int Rows)[] _memo = new (int, int, int, int)[stages];

    /// <summary>Part of the time that waiting must save.</summary>
    public const double Margin = 0.01;

    /// <inheritdoc/>
    public int Rows(in RampSituation situation)
    {
        int population = situation.Waiting + situation.Ready, rate = (int)Math.Round(situation.StayRate * RateSteps);
        ref (int Population, int Rate, int Left, int Rows) memo = ref _memo[situation.Ramp];
        if (memo.Left == 0 || memo.Population != population || memo.Rate != rate)
            memo = (population, rate, Lifetime, BestRows(situation.Ramp, population, (double)rate / RateSteps, situation.MaxRows));
        memo.Left--;
        if (memo.Rows == 1) return situation.StepBegins ? 0 : situation.Waiting; // in company of those that come
        return situation.Waiting < memo.Rows ? 0 : CheapestGroup(situation.Ramp, memo.Rows, Math.Min(situation.Waiting, situation.MaxRows));
    }

    /// <summary>Rows worth gathering at an exit before going on; 1 for never waiting.</summary>
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

    /// <summary>Seconds by token of gathering <paramref name="rows"/> rows, 1 for never waiting; see the remarks of the class.</summary>
    public double SecondsPerToken(int ramp, int population, double stayRate, int rows, int maxRows)
    {
        double ready = Math.Min(maxRows, population - ((rows - 1) / 2.0));
        double shallow = Through(0, ramp + 1, ready);
        return (shallow + (rows == 1 ? DeepOfWhoeverStays(ramp, (int)ready, stayRate) : ready * stayRate / rows * Through(ramp + 1, stages, rows))) / ready;
    }

    private double DeepOfWhoeverStays(int ramp, int ready, double stayRate)
    {
        if (stayRate >= 1) return Through(ramp + 1, stages, ready);
        double seconds = 0, chance = Math.Pow(1 - stayRate, ready); // of k rows: binomial
        for (int k = 1; k <= ready; k++)
        {
            chance *= stayRate / (1 - stayRate) * (ready - k + 1) / k;
            seconds += chance * Through(ramp + 1, stages, k);
        }
        return seconds;
    }

    private int CheapestGroup(int ramp, int least, int most)
    {
        int best = least;
        double cheapest = double.PositiveInfinity;
        for (int rows = least; rows <= most; rows++)
        {
            double seconds = Through(ramp + 1, stages, rows) / rows;
            if (seconds <= cheapest) (best, cheapest) = (rows, seconds);
        }
        return best;
    }

    private double Through(int from, int to, double rows)
    {
        double seconds = 0;
        for (int stage = from; stage < to; stage++) seconds += costs.Seconds(stage, rows);
        return seconds;
    }
}
