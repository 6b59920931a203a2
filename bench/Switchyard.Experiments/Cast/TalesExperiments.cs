using Switchyard.Experiments.Measuring;
using Switchyard.Experiments.Results;
using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Cast;
using Switchyard.Strategies.Speculation;

namespace Switchyard.Experiments.Cast;

/// <summary>CAST with a real draft and target, however small: M1 to M5 of the research notes.</summary>
internal static class TalesExperiments
{
    /// <summary>Beginnings of tales.</summary>
    public static readonly string[] Prompts =
    [
        "Once upon a time there was a poor man who", "The King said to his daughter,", "A Lion and a Fox once", "The old house stood", "In the middle of the forest", "One morning the youngest son",
        "When the queen heard this, she", "The captain of the ship", "Far away in the mountains", "There lived an old woman who", "As soon as it was dark", "The merchant had three",
        "At last they came to", "The wolf looked at the lamb and", "Early the next day", "He took the ring and",
    ];

    /// <summary>Runs those parts that are wanted.</summary>
    public static void Run(ExperimentSetting setting, Parts parts, ResultDocument document, TextWriter log)
    {
        TransformerModel target = setting.Open(setting.TargetName), draft = setting.Open(setting.DraftName);
        document.Heading(2, $"{setting.TargetName} with {setting.DraftName} as a draft");
        document.Text($"Trained models (10 and 0.4 million parameters in a full run) on real prompts. Texts are the model's own at temperature 0.7.");
        if (parts.Begin("m1", "M1: cost of a pass")) Staircase(setting, document, target);
        if (parts.Begin("m2", "M2: size of the tree")) TreeSize(setting, document, target, draft, log);
        if (parts.Begin("m3", "M3: batches")) Batches(setting, document, target, draft, log);
        if (parts.Begin("m4", "M4: accepted length")) Linearity(setting, document, target, draft);
        if (parts.Begin("m5", "M5: ablation")) Ablation(setting, document, target, draft, log);
        if (parts.Begin("lookup", "lookup")) CopyingExperiments.OnTales(setting, document, target, log);
        setting.Close(draft);
        setting.Close(target);
    }

    /// <summary>Requests of the tales prompts.</summary>
    public static Contest NewContest(ExperimentSetting setting, int requests) => new(
        NewPrompts(setting, requests),
        i => new GenerationOptions { Temperature = 0.7f, Seed = (ulong)i + 1, MaxNewTokens = setting.NewTokens, IgnoreEos = true }, setting.SmallRounds);

    /// <summary>The tales prompts, over and over.</summary>
    public static int[][] NewPrompts(ExperimentSetting setting, int requests) => [.. Enumerable.Range(0, requests).Select(i => setting.Tokenizer.Encode(Prompts[i % Prompts.Length]))];

    /// <summary>A runner with room for a batch of trees.</summary>
    public static ModelRunner Runner(TransformerModel model, int batch, int rows) => new(model, 256 + batch * rows, batch * (model.ContextLength + rows));

    // Costs are remembered per machine: what is measured here is how CAST decodes with them, not how it comes by them.
    private static SpeculativeStrategy Calibrated(SpeculativeStrategy strategy)
    {
        strategy.Calibrate(TimeSpan.FromSeconds(3));
        return strategy;
    }

    private static void Staircase(ExperimentSetting setting, ResultDocument document, TransformerModel target)
    {
        int[] rows = setting.Quick ? [1, 2, 4] : [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64], batches = setting.Quick ? [1, 2] : [1, 4, 8];
        var series = new List<ChartSeries>();
        var costs = new List<double[]>();
        foreach (int batch in batches)
        {
            double[] seconds = PassTimes.Measure(target, batch, context: 128, rows, 3 * setting.Rounds);
            costs.Add(seconds);
            series.Add(new ChartSeries($"batch {batch}", [.. rows.Select((r, i) => ((double)r, seconds[i] / seconds[0]))]));
        }
        document.Heading(3, "M1: what rows cost");
        document.Text($"{setting.TargetName}, context 128: a pass of n rows for each request, over a pass of one row. c(1) is {string.Join(", ", batches.Select((b, i) => FormattableString.Invariant($"{costs[i][0] * 1e3:F2} ms at batch {b}")))}.");
        document.Table(["rows", .. batches.Select(b => $"batch {b}")], rows.Select((r, i) => (object?[])[r, .. costs.Select(c => (object?)(c[i] / c[0]))]));
        document.Figure("staircase", new LineChart("Cost of a pass", "rows of each request", "c(n) / c(1)", series));
    }

    private static void TreeSize(ExperimentSetting setting, ResultDocument document, TransformerModel target, TransformerModel draft, TextWriter log)
    {
        int[] sizes = setting.Quick ? [1, 4] : [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
        using Contest contest = NewContest(setting, 4);
        contest.Add("plain", new AutoregressiveStrategy(Runner(target, 1, 1)));
        foreach (int nodes in sizes) contest.Add($"{nodes}", SpeculativeStrategies.Tree(Runner(target, 1, nodes + 1), Runner(draft, 1, 32), 5, 4, nodes));
        contest.Add("cast", Calibrated(SpeculativeStrategies.Cast(Runner(target, 1, 65), Runner(draft, 1, 96))));
        ContestResult speeds = contest.Run(1, log);
        int best = sizes.MaxBy(n => speeds.Gain($"{n}"));
        document.Heading(3, "M2: how many nodes to verify");
        document.Text($"Fixed trees (depth 5, four children) by {setting.DraftName} for {setting.TargetName}, batch 1. Best fixed size: {best} nodes, {speeds.Gain($"{best}"):F2} times plain. CAST, which chooses by itself: {speeds.Gain("cast"):F2} times plain, {speeds.Gain("cast") / speeds.Gain($"{best}"):P0} of the best fixed size, with {speeds.Drafts("cast").NodesPerStep:F1} nodes a step.");
        document.Table(["nodes", "tokens/s", "tokens a step that checked", "speed-up"], sizes.Select(n => $"{n}").Append("cast").Select(n => (object?[])[n, speeds[n], speeds.Drafts(n).TokensPerStep, speeds.Gain(n)]));
        document.Figure("size", new LineChart("Speed by nodes verified", "nodes", "times plain", [
            new ChartSeries("fixed tree", [.. sizes.Select(n => ((double)n, speeds.Gain($"{n}")))]),
            new ChartSeries("CAST", [.. sizes.Select(n => ((double)n, speeds.Gain("cast")))])]));
    }

    private static void Batches(ExperimentSetting setting, ResultDocument document, TransformerModel target, TransformerModel draft, TextWriter log)
    {
        int[] batches = setting.Quick ? [1, 2] : [1, 2, 4, 8, 16];
        string[] names = ["chain 4", "tree 40", "cast", "cast per request"];
        var gains = new List<double[]>();
        foreach (int batch in batches)
        {
            using Contest contest = NewContest(setting, batch + Math.Min(batch, 4));
            contest.Add("plain", new AutoregressiveStrategy(Runner(target, batch, 1)));
            contest.Add(names[0], SpeculativeStrategies.Chain(Runner(target, batch, 5), Runner(draft, batch, 8)));
            contest.Add(names[1], SpeculativeStrategies.Tree(Runner(target, batch, 41), Runner(draft, batch, 64)));
            contest.Add(names[2], Calibrated(SpeculativeStrategies.Cast(Runner(target, batch, 65), Runner(draft, batch, 96))));
            contest.Add(names[3], Calibrated(SpeculativeStrategies.Cast(Runner(target, batch, 65), Runner(draft, batch, 96), new CastOptions { PerRequest = true })));
            ContestResult speeds = contest.Run(batch, log);
            gains.Add([.. names.Select(speeds.Gain)]);
        }
        document.Heading(3, "M3: fixed trees and CAST by batch");
        document.Text($"Times plain decoding of the same batch; below 1 is a loss. Chains of 4, EAGLE-2's usual tree (depth 5, breadth 8, 40 nodes), CAST with one width for all as in the paper, and with a width for each request.");
        document.Text(Losses.Sentence(batches, names, gains));
        document.Table(["batch", .. names], batches.Select((b, i) => (object?[])[b, .. gains[i].Select(g => (object?)g)]));
        document.Figure("batches", new LineChart("Speed by batch", "requests", "times plain", [.. names.Select((name, k) => new ChartSeries(name, [.. batches.Select((b, i) => ((double)b, gains[i][k]))]))]));
    }

    private static void Linearity(ExperimentSetting setting, ResultDocument document, TransformerModel target, TransformerModel draft)
    {
        var points = new List<(double X, double Y)>();
        using Contest contest = NewContest(setting, setting.Quick ? 2 : 16);
        SpeculativeStrategy strategy = SpeculativeStrategies.Cast(Runner(target, 1, 33), Runner(draft, 1, 64), new CastOptions { BreadthThreshold = 0, DepthThreshold = 0, VerifyThreshold = 0, MaxNodes = 32, MaxDepth = 5 });
        strategy.OnVerified = session =>
        {
            double sum = 0;
            foreach (float score in session.Tree.Scores[..session.Walk.Shown]) sum += score;
            points.Add((sum, session.Accepted.Length));
        };
        contest.Add("trees", strategy);
        contest.Run(1, TextWriter.Null);
        (double X, double Y)[][] bins = [.. points.OrderBy(p => p.X).Chunk(Math.Max(1, (points.Count + 9) / 10))];
        double meanX = points.Average(p => p.X), meanY = points.Average(p => p.Y);
        double xy = points.Sum(p => (p.X - meanX) * (p.Y - meanY)), xx = points.Sum(p => (p.X - meanX) * (p.X - meanX)), yy = points.Sum(p => (p.Y - meanY) * (p.Y - meanY));
        document.Heading(3, "M4: accepted length against the sum of chances");
        document.Text($"{points.Count} trees of 32 nodes at most, sorted by the sum of their nodes' chances, in tenths. Slope {xy / xx:F2}, correlation {xy / Math.Sqrt(xx * yy):F2} over single trees; 1 would be a perfect forecast's slope.");
        document.Table(["sum of chances", "accepted"], bins.Select(bin => (object?[])[bin.Average(p => p.X), bin.Average(p => p.Y)]));
        document.Figure("linearity", new LineChart("Accepted length by sum of chances", "sum of chances", "accepted", [new ChartSeries("tenths", [.. bins.Select(b => (b.Average(p => p.X), b.Average(p => p.Y)))])]));
    }

    private static void Ablation(ExperimentSetting setting, ResultDocument document, TransformerModel target, TransformerModel draft, TextWriter log)
    {
        int batch = setting.Quick ? 2 : 4;
        using Contest contest = NewContest(setting, 2 * batch);
        contest.Add("plain", new AutoregressiveStrategy(Runner(target, batch, 1)));
        (string Name, CastOptions Options)[] parts =
        [
            ("nothing pruned", new CastOptions { BreadthThreshold = 0, DepthThreshold = 0, VerifyThreshold = 0 }),
            ("re-ranking", new CastOptions { BreadthThreshold = 0, DepthThreshold = 0 }),
            ("re-ranking and depth", new CastOptions { BreadthThreshold = 0 }),
            ("all", new CastOptions()),
            ("all, the paper's 4 / 3 / 2.5", new CastOptions { BreadthThreshold = 4, DepthThreshold = 3, VerifyThreshold = 2.5 }),
        ];
        foreach ((string name, CastOptions options) in parts) contest.Add(name, Calibrated(SpeculativeStrategies.Cast(Runner(target, batch, 65), Runner(draft, batch, 96), options)));
        ContestResult speeds = contest.Run(batch, log);
        document.Heading(3, "M5: ablation");
        document.Text($"Batch {batch}, times plain decoding.");
        document.Table(["what is chosen by cost", "nodes a step that checked", "tokens a step that checked", "speed-up"], parts.Select(part => (object?[])[part.Name, speeds.Drafts(part.Name).NodesPerStep, speeds.Drafts(part.Name).TokensPerStep, speeds.Gain(part.Name)]));
    }
}
