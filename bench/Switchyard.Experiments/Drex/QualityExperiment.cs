using Switchyard.Experiments.Measuring;
using Switchyard.Experiments.Results;
using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;

namespace Switchyard.Experiments.Drex;

/// <summary>M1 and M4 on what the exits of the trained model really say: speed and quality of every policy, and of the ways to fill missing keys and values.</summary>
internal sealed class QualityExperiment(DrexSetting setting, ResultDocument document, TextWriter log)
{
    /// <summary>Difference of mean full-model NLL that counts as none, in nats.</summary>
    public const double SameNll = 0.01;

    /// <summary>Mean full-model NLL of DREX's output less that of the best baseline, and the standard error of it.</summary>
    public (double Difference, double Error) NllGap { get; private set; }

    /// <summary>Measures every policy at every batch.</summary>
    public void Policies(ExitChoice choice)
    {
        document.Heading(2, "M1: policies on real exits");
        document.Text($"{setting.Base.TargetName}, {choice}; policies that look at whole groups always name the source. The mean NLL is the whole model's for what each policy wrote on the same {Scored} requests; ± is the standard error of its difference from `off`, request by request.");
        var rows = new List<object?[]>();
        var overheads = new List<object?[]>();
        foreach (int batch in setting.Batches)
        {
            log.WriteLine(FormattableString.Invariant($"  real exits: batch {batch}"));
            SteadyLoad[] loads = [.. DrexLoads.Policies.Select(p => Load(choice).Open(p.Name, choice.With(p.Options), batch))];
            try
            {
                List<DrexOutcome> outcomes = DrexOutcome.Contest(loads, setting.Rounds, setting.Quick ? 0.02 : 0.3, leastSteps: 6, log, choice.Kv == MissingKv.Postfill ? Filled(choice) : 0);
                setting.Judge(setting.Base.TargetName, rate: null, batch, outcomes);
                double[]?[] nll = [.. loads.Select(load => batch == setting.Batch ? Score(load) : null)];
                if (batch == setting.Batch) Compare(outcomes, nll);
                for (int i = 0; i < outcomes.Count; i++) rows.Add([.. Row(batch, outcomes[i], outcomes[0]), .. Quality(nll[i], nll[0])]);
                DrexOutcome drex = outcomes.Single(o => o.Name == DrexLoads.Drex);
                overheads.Add([batch, drex.DecisionMicroseconds, drex.PassMilliseconds, $"{drex.DecisionMicroseconds / 10 / drex.PassMilliseconds:F2} %"]);
            }
            finally
            {
                foreach (SteadyLoad load in loads) load.Dispose();
            }
        }
        document.Table(["batch", "policy", "tokens/s", "times off", "left early", "forced exits", "forced stays", "gap p50, ms", "p95", "p99", "mean NLL", "more than off"], rows);
        document.Text($"What `drex` decides costs, by step, all of its queues and bookkeeping included:");
        document.Table(["batch", "decisions, µs", "passes, ms", "part"], overheads);
    }

    /// <summary>M4: keys and values named, postfilled, or computed at once.</summary>
    public void MissingKeys(ExitChoice choice, IReadOnlyList<int[]> texts)
    {
        log.WriteLine("M4: missing keys and values");
        using var runner = new ModelRunner(setting.Tales, TransformerModel.ReadoutChunk, 2 * setting.Tales.ContextLength);
        (string Name, DrexOptions Options)[] ways =
        [
            ("off", new DrexOptions { Policy = DrexPolicy.Off }), ("source map", new DrexOptions { Kv = MissingKv.Source }),
            ("postfill", new DrexOptions { Kv = MissingKv.Postfill }), ("computed at once", new DrexOptions { Policy = DrexPolicy.LatencyOnly }),
        ];
        SteadyLoad[] loads = [.. ways.Select(w => Load(choice).Open(w.Name, w.Options, setting.Batch))];
        try
        {
            List<DrexOutcome> outcomes = DrexOutcome.Contest(loads, setting.Rounds, setting.Quick ? 0.02 : 0.5, leastSteps: 6, log);
            ExitTrialReport Forced(MissingKv kv) => kv == choice.Kv ? choice.Trial : ExitChoice.Try(runner, texts, choice.Exits, (int)Math.Round(100 * choice.Confidence), kv);
            (ExitTrialReport named, ExitTrialReport exact) = (Forced(MissingKv.Source), Forced(MissingKv.Postfill));
            document.Heading(2, "M4: missing keys and values");
            document.Text($"The text forced on the model with {choice.Confidence:F2}, one request at a time: agreement with full depth, and the mean NLL of the text under the distributions that were used, less full depth's {exact.FullNll:F3}. Postfill and computing at once give the same keys and values, so the same tokens. Batch {setting.Batch}.");
            document.Table(["keys and values of rows that left", "agreement", "NLL more than full depth", "tokens/s", "times off"], ways.Select((w, i) =>
            {
                ExitTrialReport? trial = i == 0 ? null : i == 1 ? named : exact;
                return (object?[])[w.Name, trial?.Agreement ?? 1, $"{(trial is { } t ? t.MeanNll - t.FullNll : 0):F4}", outcomes[i].Throughput, outcomes[i].Throughput / outcomes[0].Throughput];
            }));
        }
        finally
        {
            foreach (SteadyLoad load in loads) load.Dispose();
        }
    }

    /// <summary>
    /// What equal NLL would take: by confidence, the agreement with full depth on the given text, and the NLL of what DREX writes. Says where the two
    /// aims meet, and how many tokens leave early there.
    /// </summary>
    public void Confidences(ExitChoice choice, IReadOnlyList<int[]> texts)
    {
        log.WriteLine("M1: confidences");
        using var runner = new ModelRunner(setting.Tales, TransformerModel.ReadoutChunk, 2 * setting.Tales.ContextLength);
        int lowest = (int)Math.Round(100 * choice.Confidence);
        int[] steps = [lowest, .. (setting.Quick ? (int[])[60] : [20, 30, 40, 50, 60, 70, 80, 90, 95]).Where(step => step > lowest)];
        using SteadyLoad off = Load(choice).Open("off", new DrexOptions { Policy = DrexPolicy.Off }, setting.Batch);
        double[] full = Score(off);
        var rows = new List<object?[]>();
        foreach (int step in steps)
        {
            ExitTrialReport trial = step == lowest ? choice.Trial : ExitChoice.Try(runner, texts, choice.Exits, step, choice.Kv);
            using SteadyLoad drex = (Load(choice) with { Confidence = step / 100f }).Open(DrexLoads.Drex, choice.With(new DrexOptions()), setting.Batch);
            double[] nll = Score(drex);
            (double difference, double error) = Difference(nll, full);
            double left = DrexOutcome.Of(drex).ExitRate;
            rows.Add([step / 100.0, $"{trial.Agreement:P1}", $"{trial.ExitRate:P1}", $"{left:P1}", $"{difference:F4} ± {error:F4}"]);
            if (SameAt is null && Math.Abs(difference) + 2 * error <= SameNll) SameAt = (step / 100.0, trial.Agreement, left);
        }
        document.Heading(2, "M1: what equal NLL takes");
        document.Text($"exits={string.Join('+', choice.Exits)}, kv={choice.KvName}, batch {setting.Batch}, by confidence: on the given text, forced, agreement with full depth and the part of its tokens that leave early; of what `drex` writes for {Scored} requests, the part that leaves early, and the whole model's mean NLL less that of what plain decoding writes.");
        document.Table(["confidence", "agreement", "left early, given text", "left early, own text", "NLL more than off"], rows);
    }

    /// <summary>The lowest confidence at which what DREX writes has full depth's NLL, twice the standard error included, with the agreement and the exit rate there; null for none of those tried.</summary>
    public (double Confidence, double Agreement, double ExitRate)? SameAt { get; private set; }

    /// <summary>Part of a deep pass that a row takes which is filled later: all but the read-out, by weights read; the last token of a request is not filled.</summary>
    private double Filled(ExitChoice choice)
    {
        double layer = setting.Tales.Weights.Blocks.Average(block => block.All().Sum(weight => (double)weight.ByteCount)), deep = (setting.Tales.Config.LayerCount - choice.Exits[^1]) * layer;
        return deep / (deep + setting.Tales.FinalExit.Projection.ByteCount) * (1 - 1.0 / setting.TalesTokens);
    }

    private int Scored => setting.Quick ? 4 : 128;

    private DrexLoads Load(ExitChoice choice) => new(setting.Tales, setting.TalesPrompts, setting.TalesTokens, choice.Exits, choice.Confidence, Synthetic: false);

    private double[] Score(SteadyLoad load) => FullModelScore.MeanNll(setting.Tales, [.. load.First(Scored).Select(r => (r.Tokens.ToArray(), r.PromptLength))]);

    private static object?[] Row(int batch, DrexOutcome o, DrexOutcome off) =>
        [batch, o.Name, o.Throughput, o.Throughput / off.Throughput, o.ExitRate, o.Statistics.ForcedExits, o.Statistics.ForcedStays, o.Gap50, o.Gap95, o.Gap99];

    private static object?[] Quality(double[]? nll, double[]? off)
    {
        if (nll is null || off is null) return [null, null];
        (double difference, double error) = Difference(nll, off);
        return [$"{nll.Average():F3}", $"{difference:F3} ± {error:F3}"];
    }

    private void Compare(List<DrexOutcome> outcomes, double[]?[] nll)
    {
        int drex = outcomes.FindIndex(o => o.Name == DrexLoads.Drex);
        int best = Enumerable.Range(0, outcomes.Count).Where(i => DrexLoads.Unforced.Contains(outcomes[i].Name)).MaxBy(i => outcomes[i].Throughput);
        NllGap = Difference(nll[drex]!, nll[best]!);
    }

    private static (double Mean, double Error) Difference(double[] a, double[] b)
    {
        double[] differences = [.. a.Zip(b, (x, y) => x - y)];
        double mean = differences.Average(), square = differences.Average(d => (d - mean) * (d - mean));
        return (mean, Math.Sqrt(square / Math.Max(1, differences.Length - 1)));
    }
}
