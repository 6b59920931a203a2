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
        var ready = new LinkedList<int>();
        var parked = new LinkedList<int>();
        for (int i = 0; i < 3 * Batch; i++) ready.AddLast(i);
        double seconds = 0;
        long tokens = 0;
        var batch = new List<(int Request, bool Wants)>(Batch);
        for (int iteration = 0; iteration < iterations; iteration++)
        {
            if (parked.Count >= Batch || ready.Count == 0)
            {
                (seconds, tokens) = (seconds + DeepSeconds, tokens + Math.Min(Batch, parked.Count));
                Flush(parked, ready, toFront: true);
                continue;
            }
            int wanting = Draw(ready, batch, chance);
            bool splits = wanting > threshold && parked.Count + batch.Count - wanting <= (2 * Batch) + 1;
            foreach ((int request, bool wants) in batch) (splits && !wants ? parked : ready).AddLast(request);
            (seconds, tokens) = (seconds + (splits ? ShallowSeconds : FullSeconds), tokens + (splits ? wanting : batch.Count));
            if (splits || !inlineDrain || parked.Count < 2) continue;
            tokens += Math.Min(Batch, parked.Count);
            Flush(parked, ready, toFront: false);
        }
        return tokens / seconds;
    }

    private int Draw(LinkedList<int> ready, List<(int Request, bool Wants)> batch, Func<double> chance)
    {
        batch.Clear();
        int wanting = 0;
        while (batch.Count < Batch && ready.First is { } first)
        {
            bool wants = chance() < ExitRate;
            if (wants) wanting++;
            batch.Add((first.Value, wants));
            ready.RemoveFirst();
        }
        return wanting;
    }

    private void Flush(LinkedList<int> parked, LinkedList<int> ready, bool toFront)
    {
        LinkedListNode<int>? at = null;
        for (int i = 0; i < Batch && parked.First is { } first; i++)
        {
            parked.RemoveFirst();
            if (!toFront) ready.AddLast(first);
            else if (at is null) ready.AddFirst(first);
            else ready.AddAfter(at, first);
            at = first;
        }
    }
}
