using Switchyard.Experiments.Measuring;
using Switchyard.Experiments.Results;

namespace Switchyard.Experiments.Drex;

/// <summary>M1: every policy by batch and exit rate, exits by chance: what they cost, whatever they say.</summary>
internal sealed class ThroughputExperiment(DrexSetting setting, ResultDocument document, TextWriter log)
{
    /// <summary>Measures a model.</summary>
    /// <param name="title">Of the section.</param>
    /// <param name="loads">The load at an exit rate.</param>
    /// <param name="batches">Rows of a pass.</param>
    /// <param name="seconds">Least length of a slice.</param>
    public void Run(string title, Func<double, int, DrexLoads> loads, int[] batches, double seconds)
    {
        document.Heading(3, title);
        var gains = new Dictionary<(double, int), Dictionary<string, double>>();
        foreach (double rate in DrexSetting.Rates)
        {
            var rows = new List<object?[]>();
            foreach (int batch in batches)
            {
                log.WriteLine(FormattableString.Invariant($"  {title}: exit rate {rate}, batch {batch}"));
                List<DrexOutcome> outcomes = Contest(loads(rate, batch), batch, seconds);
                double off = outcomes[0].Throughput;
                foreach (DrexOutcome o in outcomes)
                    rows.Add([batch, o.Name, o.Throughput, o.Throughput / off, o.ExitRate, o.Statistics.ForcedExits, o.Statistics.ForcedStays, o.Gap50, o.Gap95, o.Gap99]);
                gains[(rate, batch)] = outcomes.ToDictionary(o => o.Name, o => o.Throughput / off);
                setting.Judge(title, rate, batch, outcomes);
            }
            document.Text($"Exit rate {rate}:");
            document.Table(["batch", "policy", "tokens/s", "times off", "left early", "forced exits", "forced stays", "gap p50, ms", "p95", "p99"], rows);
        }
        foreach (double rate in DrexSetting.Rates)
            document.Figure($"{setting.NextFigure()}", new LineChart(FormattableString.Invariant($"{title}: exit rate {rate}"), "rows of a pass", "times off",
                [.. DrexLoads.Policies.Where(p => p.Name is not "off" && !p.Name.Contains("published", StringComparison.Ordinal)).Select(p => new ChartSeries(p.Name, [.. batches.Select(b => ((double)b, gains[(rate, b)][p.Name]))]))]));
    }

    private List<DrexOutcome> Contest(DrexLoads load, int batch, double seconds)
    {
        SteadyLoad[] all = [.. DrexLoads.Policies.Select(p => load.Open(p.Name, p.Options, batch))];
        try
        {
            return DrexOutcome.Contest(all, setting.Rounds, seconds, leastSteps: 6, log);
        }
        finally
        {
            foreach (SteadyLoad one in all) one.Dispose();
        }
    }
}
