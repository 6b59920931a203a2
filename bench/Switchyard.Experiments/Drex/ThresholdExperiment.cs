using Switchyard.Experiments.Measuring;
using Switchyard.Experiments.Results;
using Switchyard.Strategies.Drex;

namespace Switchyard.Experiments.Drex;

/// <summary>M2 and M3: the paper's split threshold by hand, ART's choice, and what the idealised scheduler forecasts.</summary>
internal sealed class ThresholdExperiment(DrexSetting setting, ResultDocument document, TextWriter log)
{
    // Gains over no exits in percent by threshold 0 … 7, of the paper's 70B times with eight rows: what the simulator must give.
    private static readonly (double Rate, double[] Percent)[] Published = [(0.3, [-8.2, -3.5, 1.0, 2.2, 1.2, 0.3, 0, 0]), (0.5, [7.5, 8.5, 10.6, 11.8, 9.5, 4.9, 1.5, 0.2])];

    /// <summary>Reproduces the published forecast.</summary>
    public void Simulate()
    {
        document.Heading(2, "The scheduler simulated");
        document.Text($"The simulator of the paper's scheduler with its times for 70B (t_f 57.2, t_s 27.6, t_d 51.4 ms, eight rows, ART's threshold {new RebatchSimulator(8, 0.5, 57.2, 27.6, 51.4).ArtThreshold:F2}): gain over no exits in percent, ours and the values to reproduce.");
        var rows = new List<object?[]>();
        double farthest = 0;
        foreach ((double rate, double[] percent) in Published)
        {
            double[] ours = [.. percent.Select((_, threshold) => Gain(new RebatchSimulator(8, rate, 57.2, 27.6, 51.4), threshold))];
            rows.Add([$"exit rate {rate}, ours", .. ours.Select(g => (object?)g)]);
            rows.Add([$"exit rate {rate}, published", .. percent.Select(g => (object?)g)]);
            farthest = Math.Max(farthest, ours.Zip(percent, (a, b) => Math.Abs(a - b)).Max());
        }
        document.Table(["threshold", .. Enumerable.Range(0, 8).Select(t => $"{t}")], rows);
        document.Text($"The farthest is {farthest:F2} points away; other random numbers move them by some tenths. Where a split costs nothing (t_s + t_d = t_f, exit at half depth) the best threshold is 0 and the gains at exit rates .3, .5 and .7 are {Gain(new RebatchSimulator(8, 0.3, 2, 1, 1), 0):F0}, {Gain(new RebatchSimulator(8, 0.5, 2, 1, 1), 0):F0} and {Gain(new RebatchSimulator(8, 0.7, 2, 1, 1), 0):F0} %.");
    }

    /// <summary>Sweeps the threshold, exits by chance at half depth.</summary>
    public void Sweep()
    {
        document.Heading(2, "M2 and M3: the split threshold");
        int batch = setting.Batch, half = setting.Tales.Config.LayerCount / 2;
        var series = new List<ChartSeries>();
        foreach (double rate in DrexSetting.Rates)
        {
            log.WriteLine(FormattableString.Invariant($"  M2: exit rate {rate}"));
            var load = new DrexLoads(setting.Tales, setting.TalesPrompts, setting.TalesTokens, [half], (float)(1 - rate), Synthetic: true);
            var paper = new DrexOptions { Stays = StayRule.Paper, AllowBatchDependent = true };
            SteadyLoad[] loads =
            [
                load.Open("off", new DrexOptions { Policy = DrexPolicy.Off }, batch),
                .. Enumerable.Range(0, batch).Select(t => load.Open($"{t}", paper with { SplitThreshold = t }, batch)),
                load.Open("ART", paper, batch), load.Open("drex", new DrexOptions(), batch),
            ];
            try
            {
                List<DrexOutcome> o = DrexOutcome.Contest(loads, setting.Rounds, setting.Quick ? 0.02 : 0.2, leastSteps: 6, log);
                double off = o[0].Throughput;
                double art = ((DrexStrategy)loads[^2].Strategy).SplitThreshold;
                int best = Enumerable.Range(0, batch).MaxBy(t => o[t + 1].Throughput);
                document.Text($"Exit rate {rate}, exit after layer {half}, batch {batch}, times off. Best by hand: {best}. ART's threshold in the end: {art:F2}, {(Math.Abs(art - best) <= 1 ? "within 1 of the best" : "not within 1 of the best")}; it gets {o[^2].Throughput / off:F2}, the default form, which has no threshold, {o[^1].Throughput / off:F2}.");
                document.Table(["threshold", .. Enumerable.Range(0, batch).Select(t => $"{t}"), "ART", "drex"], [["times off", .. o.Skip(1).Select(x => (object?)(x.Throughput / off))], ["forced stays", .. o.Skip(1).Select(x => (object?)x.Statistics.ForcedStays)]]);
                series.Add(new ChartSeries(FormattableString.Invariant($"exit rate {rate}"), [.. Enumerable.Range(0, batch).Select(t => ((double)t, o[t + 1].Throughput / off))]));
            }
            finally
            {
                foreach (SteadyLoad one in loads) one.Dispose();
            }
        }
        document.Figure("threshold", new LineChart("Speed by split threshold", "rows that must be exceeded", "times off", series));
    }

    private static double Gain(RebatchSimulator simulator, double threshold) =>
        100 * ((simulator.Throughput(threshold, new Random(1).NextDouble) / simulator.FullThroughput) - 1);
}
