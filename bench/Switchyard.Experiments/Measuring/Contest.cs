using Switchyard.Strategies;
using Switchyard.Strategies.Drex;

namespace Switchyard.Experiments.Measuring;

/// <summary>
/// Strategies side by side on the same requests: every round runs each once, so that a slow moment falls on all alike, and medians over
/// rounds count. A first round warms up and is thrown away.
/// </summary>
internal sealed class Contest(IReadOnlyList<int[]> prompts, Func<int, GenerationOptions> options, int rounds) : IDisposable
{
    private readonly List<(string Name, IDecodingStrategy Strategy)> _entries = [];

    public void Add(string name, IDecodingStrategy strategy) => _entries.Add((name, strategy));

    /// <summary>Tokens a second of each, and whether every one gave the first one's tokens.</summary>
    public Dictionary<string, double> Run(int batch, TextWriter log)
    {
        var speeds = _entries.ToDictionary(entry => entry.Name, _ => new List<double>());
        IReadOnlyList<int[]>? want = null;
        for (int round = -1; round < rounds; round++)
            foreach ((string name, IDecodingStrategy strategy) in _entries)
            {
                DrexMeasurementReport report = DrexMeasurement.Run(strategy, prompts, options, batch);
                want ??= report.Outputs;
                if (!report.Outputs.Zip(want).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)))
                    throw new InvalidOperationException($"'{name}' gave other tokens than '{_entries[0].Name}': its speed would mean nothing.");
                if (round >= 0) speeds[name].Add(report.Throughput);
            }
        foreach ((string name, List<double> list) in speeds) log.WriteLine(FormattableString.Invariant($"  batch {batch} {name}: {Median(list):F1} tokens/s"));
        return speeds.ToDictionary(pair => pair.Key, pair => Median(pair.Value));
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
