using Switchyard.Strategies;
using Switchyard.Strategies.Drex;
using Switchyard.Strategies.Speculation;

namespace Switchyard.Experiments.Measuring;

/// <summary>
/// Strategies side by side on the same requests: every round runs each once, so that a slow moment falls on all alike. A first
/// round warms up and is thrown away.
/// </summary>
/// <param name="prompts">Prompts.</param>
/// <param name="options">Options of the i-th request.</param>
/// <param name="rounds">Rounds that count.</param>
internal sealed class Contest(IReadOnlyList<int[]> prompts, Func<int, GenerationOptions> options, int rounds) : IDisposable
{
    private readonly List<(string Name, IDecodingStrategy Strategy)> _entries = [];
    private readonly Dictionary<string, DraftTally> _tallies = [];

    /// <summary>Tokens of each request in the first round; null for as many as in the others. Models of true shape have no time to warm up for long.</summary>
    public int? WarmUpTokens { get; init; }

    /// <summary>Called with the contender's name before every run that counts, for what is to be measured in the same moments.</summary>
    public Action<string>? BeforeRun { get; init; }

    /// <summary>Adds a contender; the first is what others are compared with. Owned from here on.</summary>
    public void Add(string name, IDecodingStrategy strategy)
    {
        _entries.Add((name, strategy));
        if (strategy is SpeculativeStrategy speculative) _tallies[name] = new DraftTally(speculative);
    }

    /// <summary>Runs every round, and checks that all gave the first one's tokens.</summary>
    public ContestResult Run(int batch, TextWriter log)
    {
        var speeds = _entries.ToDictionary(entry => entry.Name, _ => new List<double>());
        IReadOnlyList<int[]>? want = null;
        for (int round = -1; round < rounds; round++)
        {
            bool warms = round < 0 && WarmUpTokens is not null;
            if (round == 0) foreach (DraftTally tally in _tallies.Values) tally.Clear();
            IReadOnlyList<int[]>? first = null;
            foreach ((string name, IDecodingStrategy strategy) in _entries)
            {
                if (round >= 0) BeforeRun?.Invoke(name);
                DrexMeasurementReport report = DrexMeasurement.Run(strategy, prompts, warms ? i => options(i) with { MaxNewTokens = WarmUpTokens } : options, batch);
                first ??= report.Outputs;
                if (!warms) want ??= report.Outputs;
                if (!report.Outputs.Zip(want ?? first).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)))
                    throw new InvalidOperationException($"'{name}' gave other tokens than '{_entries[0].Name}': its speed would mean nothing.");
                if (round >= 0) speeds[name].Add(report.Throughput);
            }
        }
        var result = new ContestResult(_entries[0].Name, speeds, _tallies);
        foreach (string name in speeds.Keys) log.WriteLine(FormattableString.Invariant($"  batch {batch} {name}: {result[name]:F1} tokens/s, {result.Gain(name):F2} times"));
        return result;
    }

    public void Dispose()
    {
        foreach ((_, IDecodingStrategy strategy) in _entries) strategy.Dispose();
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? 0 : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
