using Switchyard.Strategies;
using Switchyard.Strategies.Drex;

namespace Switchyard.Tests.Drex;

/// <summary>What a run gave: the requests, and the counts of every step.</summary>
internal sealed record DrexRun(IReadOnlyList<DecodingRequest> Requests, IReadOnlyList<StepStats> Steps)
{
    public int[][] Outputs => [.. Requests.Select(r => r.Output.ToArray())];
}

/// <summary>Rides requests through a strategy in an order, company and batch size drawn from a seed.</summary>
internal static class DrexDriver
{
    /// <param name="chaos">Of arrivals, batch order and cancellations; null: all together, in order.</param>
    /// <param name="cancelled">Requests to cancel at a random step.</param>
    /// <param name="observe">Called after every step.</param>
    public static DrexRun Run(
        IDecodingStrategy strategy, IReadOnlyList<DecodingRequest> requests, Random? chaos = null, int concurrency = int.MaxValue,
        IReadOnlyCollection<int>? cancelled = null, Action<StepStats>? observe = null)
    {
        var waiting = new List<DecodingRequest>(requests);
        var running = new List<DecodingRequest>();
        var steps = new List<StepStats>();
        for (int guard = 0; waiting.Count + running.Count > 0; guard++)
        {
            if (guard > 20_000) throw new InvalidOperationException("No progress.");
            while (waiting.Count > 0 && running.Count < concurrency && (running.Count == 0 || chaos is null || chaos.Next(2) == 0))
            {
                DecodingRequest next = waiting[chaos?.Next(waiting.Count) ?? 0];
                if (!strategy.TryAdmit(next)) break;
                waiting.Remove(next);
                running.Add(next);
            }
            DecodingRequest[] batch = [.. running];
            chaos?.Shuffle(batch);
            StepStats stats = strategy.Step(batch);
            steps.Add(stats);
            observe?.Invoke(stats);
            foreach (DecodingRequest done in running.Where(r => r.IsFinished || Cancels(r)).ToArray())
            {
                done.Finish(FinishReason.Cancelled);
                strategy.Release(done);
                running.Remove(done);
            }
        }
        return new(requests, steps);

        bool Cancels(DecodingRequest request)
        {
            for (int i = 0; cancelled is not null && i < requests.Count; i++)
                if (requests[i] == request && cancelled.Contains(i)) return chaos!.Next(6) == 0;
            return false;
        }
    }

    public static DecodingRequest[] Requests(IEnumerable<int[]> prompts, Func<int, GenerationOptions> options) =>
        [.. prompts.Select((p, i) => new DecodingRequest(p, options(i)))];

    public static int[][] Prompts(Random random, int count, int longest = 40) =>
        [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, random.Next(1, longest)).Select(_ => random.Next(DrexModels.Vocabulary)).ToArray())];
}

/// <summary>Lets none, some or all go on by chance (always all where it is 1 out of 1): whatever a rule says, tokens stay.</summary>
internal sealed class ChanceRule(int seed, int outOf = 3) : IRebatchRule
{
    private readonly Random _random = new(seed);

    public int Rows(in RampSituation situation) => _random.Next(outOf) != 0 ? 0 : outOf == 1 ? situation.Waiting : 1 + _random.Next(situation.Waiting);
}

/// <summary>Given times: a fixed part and a part by row, for each stage.</summary>
internal sealed class AffineCosts(double[] perPass, double[] perRow) : ISplitCosts
{
    public double Seconds(int stage, double rows) => rows <= 0 ? 0 : perPass[stage] + (perRow[stage] * rows);

    public void Record(int stage, int rows, double seconds)
    {
    }
}
