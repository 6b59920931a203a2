namespace Switchyard.Strategies.Drex;

/// <summary>
/// What a split threshold would give under fixed iteration times and as many waiting requests as wanted: the idealised model of
/// the paper's scheduler, for choosing thresholds and for checking the rule that chooses them.
/// </summary>
/// <param name="Batch">Rows of an iteration.</param>
/// <param name="ExitRate">Part of the rows that want to leave, in [0, 1].</param>
/// <param name="FullSeconds">t_f: an iteration through every layer.</param>
/// <param name="ShallowSeconds">t_s: an iteration that ends at the exit.</param>
/// <param name="DeepSeconds">t_d: a flush.</param>
public readonly record struct RebatchSimulator(int Batch, double ExitRate, double FullSeconds, double ShallowSeconds, double DeepSeconds)
{
    /// <summary>(t_s + t_d − t_f) / t_d · batch: ART's threshold.</summary>
    public double ArtThreshold => (ShallowSeconds + DeepSeconds - FullSeconds) / DeepSeconds * Batch;

    /// <summary>Tokens a second without exits.</summary>
    public double FullThroughput => Batch / FullSeconds;

    /// <summary>Tokens a second when a batch is split iff more than <paramref name="threshold"/> rows want to leave.</summary>
    /// <param name="threshold">Rows.</param>
    /// <param name="chance">Numbers uniform in [0, 1); one is drawn for every row of every iteration.</param>
    /// <param name="iterations">Iterations, flushes included.</param>
    /// <param name="inlineDrain">Whether a batch that stays takes parked rows along.</param>
    public double Throughput(double threshold, Func<double> chance, int iterations = 60_000, bool inlineDrain = false)
    {
        ArgumentNullException.ThrowIfNull(chance);
        int ready = 3 * Batch, parked = 0; // which request waits where changes no time: counts are enough
        double seconds = 0;
        long tokens = 0;
        for (int iteration = 0; iteration < iterations; iteration++)
        {
            int drained = Math.Min(Batch, parked);
            if (parked >= Batch || ready == 0)
            {
                (seconds, tokens, ready, parked) = (seconds + DeepSeconds, tokens + drained, ready + drained, parked - drained);
                continue;
            }
            int rows = Math.Min(Batch, ready), wanting = 0;
            for (int i = 0; i < rows; i++) if (chance() < ExitRate) wanting++;
            int staying = rows - wanting;
            if (wanting > threshold && parked + staying <= (2 * Batch) + 1)
            {
                (seconds, tokens, ready, parked) = (seconds + ShallowSeconds, tokens + wanting, ready - staying, parked + staying);
                continue;
            }
            (seconds, tokens) = (seconds + FullSeconds, tokens + rows);
            if (inlineDrain && parked >= 2) (tokens, ready, parked) = (tokens + drained, ready + drained, parked - drained);
        }
        return tokens / seconds;
    }
}
