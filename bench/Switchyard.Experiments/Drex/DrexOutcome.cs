using Switchyard.Experiments.Measuring;
using Switchyard.Strategies.Drex;

namespace Switchyard.Experiments.Drex;

/// <summary>What a policy gave.</summary>
internal sealed record DrexOutcome(string Name, double Throughput, double Gap50, double Gap95, double Gap99, DrexStatistics Statistics)
{
    /// <summary>
    /// Tokens a second that no order of passes can exceed: every token needs its part of a shallow pass, and every token that stays its part
    /// of a deep one, each at the least that a row of a pass of any size was measured to take. Where the keys and values of a token that left are
    /// computed later, it needs its part of a deep pass too, less the read-out. Null with other than one exit.
    /// </summary>
    public double? Ceiling { get; private init; }

    /// <summary>What came of a load.</summary>
    /// <param name="load">The load.</param>
    /// <param name="filled">Part of a deep pass that a token which left costs later; 0 where its keys and values are not computed.</param>
    public static DrexOutcome Of(SteadyLoad load, double filled = 0)
    {
        var strategy = (DrexStrategy)load.Strategy;
        var outcome = new DrexOutcome(load.Name, load.Throughput, load.Gap(0.5), load.Gap(0.95), load.Gap(0.99), strategy.Statistics);
        double deep = 1 - outcome.ExitRate + outcome.ExitRate * filled;
        return strategy.Exits.Count == 1 ? outcome with { Ceiling = 1 / (LeastOfARow(strategy, 0) + deep * LeastOfARow(strategy, 1)) } : outcome;
    }

    /// <summary>Part of the decoded tokens that left early.</summary>
    public double ExitRate => Statistics.ExitTokens / (double)Math.Max(1, Statistics.ExitTokens + Statistics.DeepTokens);

    /// <summary>Microseconds of a step outside passes and read-outs.</summary>
    public double DecisionMicroseconds => Statistics.DecisionTime.TotalMicroseconds / Math.Max(1, Statistics.Steps);

    /// <summary>Milliseconds of a step in passes and read-outs.</summary>
    public double PassMilliseconds => Statistics.PassTime.TotalMilliseconds / Math.Max(1, Statistics.Steps);

    private static double LeastOfARow(DrexStrategy strategy, int stage) => Enumerable.Range(1, strategy.Options.MaxRows).Min(rows => strategy.Costs.Seconds(stage, rows) / rows);

    /// <summary>Runs policies in turns of a slice each.</summary>
    /// <param name="loads">Filled here, disposed by the caller.</param>
    /// <param name="rounds">Turns.</param>
    /// <param name="seconds">Least length of a slice.</param>
    /// <param name="leastSteps">Least steps of a slice.</param>
    /// <param name="log">Told of every result.</param>
    /// <param name="filled">Part of a deep pass that a token which left costs later.</param>
    public static List<DrexOutcome> Contest(IReadOnlyList<SteadyLoad> loads, int rounds, double seconds, int leastSteps, TextWriter log, double filled = 0)
    {
        foreach (SteadyLoad load in loads) load.Fill();
        for (int round = 0; round < rounds; round++)
            foreach (SteadyLoad load in loads) load.Slice(seconds, leastSteps);
        List<DrexOutcome> outcomes = [.. loads.Select(load => Of(load, filled))];
        log.WriteLine("    " + string.Join(", ", outcomes.Select(o => FormattableString.Invariant($"{o.Name} {o.Throughput:F0}"))) + " tokens/s");
        return outcomes;
    }
}
