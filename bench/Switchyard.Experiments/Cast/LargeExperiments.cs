using Switchyard.Experiments.Measuring;
using Switchyard.Experiments.Results;
using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Cast;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Speculation;
using Switchyard.Tensor;

namespace Switchyard.Experiments.Cast;

/// <summary>Speed beyond toy size: drafts of known quality, replayed from what plain decoding gave, on a model of true shape.</summary>
/// <param name="format">Of the weights.</param>
internal sealed class LargeExperiments(ExperimentSetting setting, ResultDocument document, TextWriter log, DType format)
{
    private const int PromptTokens = 8, FixedLength = 4, Texts = 16, WarmUp = 6, MomentPasses = 3;

    private static readonly int[] Lengths = [1, 2, 3, 4, 5, 6, 8, 12];
    private static readonly CostProfilerOptions Profile = new() { MaxRows = 32, MaxContexts = 1, Repetitions = 2 };

    private readonly string _store = Directory.CreateTempSubdirectory("switchyard-costs").FullName;
    private int[][] _recordings = [];

    // Long enough that the last step, which the end of the text cuts short, does not count.
    private int ReplayTokens => setting.Quick ? setting.LargeTokens : 160;

    /// <summary>Opens the model, runs what is wanted, and frees it.</summary>
    /// <param name="parts">What is wanted.</param>
    /// <param name="replay">The name of the part that measures chains against their forecast.</param>
    public void Run(Parts parts, string replay)
    {
        log.WriteLine($"{setting.SyntheticName} {format}");
        TransformerModel model = setting.OpenSynthetic(format);
        try
        {
            document.Heading(2, $"{setting.SyntheticName}, {format}, with replayed drafts");
            document.Text($"Random weights of the true shape. Drafts are the recorded plain continuation, at every position right with probability α and otherwise another token; they cost nothing. CAST has measured what passes cost beforehand, as it finds them stored on a machine where it ran before.");
            _recordings = Record(model);
            Calibrate(model);
            if (parts.Begin(replay, "chains against their forecast")) Replay(model);
            if (format == DType.Q8_0 && parts.Begin("large-batches", "tree sizes and batches")) Batches(model, BestSize(model));
        }
        finally
        {
            setting.Close(model);
            Directory.Delete(_store, recursive: true);
        }
    }

    private void Replay(TransformerModel model)
    {
        int[] rows = [.. Lengths.Select(length => length + 1).Prepend(1)];
        using var passes = new PassTimes(model, 1, PromptTokens + ReplayTokens / 2, rows);
        passes.Sample(3);
        double[] rates = setting.Quick ? [0.8] : [0.6, 0.7, 0.8, 0.9];
        var moments = new List<(string Run, double[] Seconds)>(); // of every number of rows, before each run
        int[] best = [.. rates.Select(rate => Lengths.MaxBy(length => ChainForecast.ExpectedTokens(rate, length) / passes[length + 1]))];
        using var contest = new Contest(Prompts(1), Options(ReplayTokens), 2 * setting.LargeRounds)
        {
            WarmUpTokens = WarmUp,
            BeforeRun = name => moments.Add((name, passes.Moment(MomentPasses))),
        };
        contest.Add("plain", new AutoregressiveStrategy(TalesExperiments.Runner(model, 1, 1)));
        for (int i = 0; i < rates.Length; i++)
        {
            foreach (int length in (int[])[.. new[] { FixedLength, best[i] }.Distinct()]) contest.Add($"chain {length} {rates[i]}", Fixed(model, 1, rates[i], FixedShaper.Chain(length)));
            contest.Add($"cast {rates[i]}", Cast(model, 1, rates[i]));
        }
        ContestResult result = contest.Run(1, log);
        moments.Add(("", passes.Moment(MomentPasses)));
        document.Heading(3, "M1: what rows cost");
        document.Text($"A pass of n rows over one of a single row, batch 1; c(1) is {passes[1] * 1e3:F1} ms.");
        document.Table(["rows", "c(n) / c(1)"], rows.Select(r => (object?[])[r, passes[r] / passes[1]]));
        document.Figure($"staircase-{format}", new LineChart($"Cost of a pass, {format}", "rows", "c(n) / c(1)", [new ChartSeries($"{format}", [.. rows.Select(r => ((double)r, passes[r] / passes[1]))])]));
        Show(rates, best, passes, result, (name, length) => Held(result, name, length, moments, rows));
    }

    // Memory changes its speed for minutes at a time: each run is held against the passes before and after it.
    private static double Held(ContestResult result, string name, int length, List<(string Run, double[] Seconds)> moments, int[] rows)
    {
        double expected = ChainForecast.ExpectedTokens(result.Drafts(name).Acceptance, length);
        double[] plain = Around("plain", 1), checks = Around(name, length + 1);
        return Contest.Median(result.Rounds(name).Select((speed, round) => speed * checks[round] / expected / (result.Rounds("plain")[round] * plain[round])));

        double[] Around(string run, int count)
        {
            int at = Array.IndexOf(rows, count);
            return [.. Enumerable.Range(0, moments.Count - 1).Where(i => moments[i].Run == run).Select(i => (moments[i].Seconds[at] + moments[i + 1].Seconds[at]) / 2)];
        }
    }

    private void Show(double[] rates, int[] best, PassTimes passes, ContestResult result, Func<string, int, double> held)
    {
        document.Heading(3, "Chains against their forecast, and CAST");
        document.Text($"A text of {ReplayTokens} tokens, temperature 0, {2 * setting.LargeRounds} rounds; passes are measured before every run, and \"measured / forecast\" takes for every run those just before and after it. Chains of {FixedLength}, and of the length that the measured curve says is best for each α. \"realised α\" is the part of guesses that were right in these very runs; the forecast E(α, w)·c(1) / c(w + 1) uses it.");
        var table = new List<object?[]>();
        for (int i = 0; i < rates.Length; i++)
            foreach (int length in (int[])[.. new[] { FixedLength, best[i] }.Distinct()])
            {
                string name = $"chain {length} {rates[i]}";
                double realised = result.Drafts(name).Acceptance, forecast = Forecast(realised, length);
                table.Add([rates[i], length, realised, result.Drafts(name).TokensPerStep, result.Gain(name), forecast, held(name, length), Forecast(rates[i], length)]);
            }
        document.Table(["α", "length w", "realised α", "tokens a step that checked", "measured, times plain", "forecast", "measured / forecast", "forecast at the nominal α"], table);
        document.Table(["α", "CAST, times plain", "nodes a step that checked", "tokens a step that checked", "best chain"], rates.Select((rate, i) => (object?[])[
            rate, result.Gain($"cast {rate}"), result.Drafts($"cast {rate}").NodesPerStep, result.Drafts($"cast {rate}").TokensPerStep, result.Gain($"chain {best[i]} {rate}")]));
        document.Figure($"replay-{format}", new LineChart($"Replayed drafts, {format}", "α", "times plain", [
            new ChartSeries("best chain, measured", [.. rates.Select((r, i) => (r, result.Gain($"chain {best[i]} {r}")))]),
            new ChartSeries("best chain, forecast", [.. rates.Select((r, i) => (r, Forecast(result.Drafts($"chain {best[i]} {r}").Acceptance, best[i])))]),
            new ChartSeries("CAST", [.. rates.Select(r => (r, result.Gain($"cast {r}")))])]));

        double Forecast(double rate, int length) => ChainForecast.ExpectedTokens(rate, length) * passes[1] / passes[length + 1];
    }

    /// <summary>M2: fixed trees by the nodes verified.</summary>
    /// <returns>The best size at batch 1.</returns>
    private int BestSize(TransformerModel model)
    {
        const double Rate = 0.7;
        int[] sizes = setting.Quick ? [1, 4] : [1, 2, 3, 4, 6, 8, 12, 16, 24];
        using var contest = new Contest(Prompts(1), Options(ReplayTokens), 2 * setting.LargeRounds) { WarmUpTokens = WarmUp };
        contest.Add("plain", new AutoregressiveStrategy(TalesExperiments.Runner(model, 1, 1)));
        foreach (int nodes in sizes) contest.Add($"{nodes}", Fixed(model, 1, Rate, new FixedShaper(Math.Min(6, nodes), 4, nodes)));
        contest.Add("cast", Cast(model, 1, Rate));
        ContestResult result = contest.Run(1, log);
        int best = sizes.MaxBy(n => result.Gain($"{n}"));
        document.Heading(3, "M2: how many nodes to verify");
        document.Text($"Fixed trees (depth 6, four children), α = {Rate}, batch 1, {ReplayTokens} tokens. Best fixed size: {best} nodes, {result.Gain($"{best}"):F2} times plain. CAST: {result.Gain("cast"):F2} times plain, {result.Gain("cast") / result.Gain($"{best}"):P0} of the best fixed size, with {result.Drafts("cast").NodesPerStep:F1} nodes a step.");
        document.Table(["nodes", "tokens a step that checked", "speed-up"], sizes.Select(n => $"{n}").Append("cast").Select(n => (object?[])[n, result.Drafts(n).TokensPerStep, result.Gain(n)]));
        document.Figure("size-large", new LineChart("Speed by nodes verified", "nodes", "times plain", [
            new ChartSeries("fixed tree", [.. sizes.Select(n => ((double)n, result.Gain($"{n}")))]), new ChartSeries("CAST", [.. sizes.Select(n => ((double)n, result.Gain("cast")))])]));
        return best;
    }

    /// <summary>M3: the forms that are best at batch 1, and CAST, by batch.</summary>
    private void Batches(TransformerModel model, int size)
    {
        const double Rate = 0.7;
        const int Wide = 32;
        int[] batches = setting.Quick ? [1, 2] : [1, 2, 4, 8, 16];
        string[] names = [$"chain {FixedLength}", $"tree {size}", $"tree {Wide}", "cast", "cast per request"];
        var gains = new List<double[]>();
        foreach (int batch in batches)
        {
            int tokens = setting.Quick ? 8 : batch <= 4 ? 32 : 20;
            using var contest = new Contest(Prompts(batch), Options(tokens), batch <= 4 ? setting.LargeRounds : 1) { WarmUpTokens = WarmUp };
            contest.Add("plain", new AutoregressiveStrategy(TalesExperiments.Runner(model, batch, 1)));
            contest.Add(names[0], Fixed(model, batch, Rate, FixedShaper.Chain(FixedLength)));
            contest.Add(names[1], Fixed(model, batch, Rate, new FixedShaper(Math.Min(6, size), 4, size)));
            if (batch <= 4) contest.Add(names[2], Fixed(model, batch, Rate, new FixedShaper(6, 4, Wide))); // beyond, one pass takes seconds
            contest.Add(names[3], Cast(model, batch, Rate));
            contest.Add(names[4], Cast(model, batch, Rate, perRequest: true));
            ContestResult result = contest.Run(batch, log);
            gains.Add([.. names.Select(name => name == names[2] && batch > 4 ? double.NaN : result.Gain(name))]);
        }
        document.Heading(3, "M3: fixed forms and CAST by batch");
        document.Text($"Times plain decoding of the same batch, α = {Rate}; below 1 is a loss. A chain, a tree of the size that is best at batch 1, a wider one (not run beyond batch 4: a pass would take seconds), and CAST.");
        document.Text(Losses.Sentence(batches, names, [.. gains.Select(g => (double[])[.. g.Select(x => double.IsNaN(x) ? 0 : x)])]));
        document.Table(["batch", .. names], batches.Select((b, i) => (object?[])[b, .. gains[i].Select(g => double.IsNaN(g) ? null : (object?)g)]));
        document.Figure("batches-large", new LineChart("Speed by batch", "requests", "times plain", [.. names.Select((name, k) =>
            new ChartSeries(name, [.. batches.Select((b, i) => ((double)b, gains[i][k])).Where(p => !double.IsNaN(p.Item2))]))]));
    }

    private SpeculativeStrategy Fixed(TransformerModel model, int batch, double rate, FixedShaper shaper) =>
        new("fixed", TalesExperiments.Runner(model, batch, shaper.MaxNodes + 1), Drafter(model, rate), shaper);

    private SpeculativeStrategy Cast(TransformerModel model, int batch, double rate, bool perRequest = false)
    {
        ModelRunner target = TalesExperiments.Runner(model, batch, Profile.MaxRows);
        var costs = new ModelPairCosts(new CostProfiler(target, new CostStore(_store), options: Profile), model.AllLayers, draft: null, default);
        return new("cast", target, Drafter(model, rate), new CastShaper(costs, new CastOptions { PerRequest = perRequest, MaxNodes = Profile.MaxRows - 1 }), new() { Reliability = new Reliability() });
    }

    private ReplayDrafter Drafter(TransformerModel model, double rate) => new(request => _recordings[(int)request.Seed - 1], rate, model.Config.VocabSize, seed: 3);

    /// <summary>What plain decoding gives, for all texts at once.</summary>
    private int[][] Record(TransformerModel model)
    {
        int texts = setting.Quick ? 2 : Texts;
        using var plain = new AutoregressiveStrategy(TalesExperiments.Runner(model, texts, 1));
        var requests = new DecodingRequest[texts];
        for (int i = 0; i < texts; i++)
        {
            requests[i] = new DecodingRequest(Prompts(texts)[i], Options(ReplayTokens)(i));
            if (!plain.TryAdmit(requests[i])) throw new InvalidOperationException("The recordings do not fit the cache.");
        }
        while (!requests[0].IsFinished) plain.Step(requests);
        foreach (DecodingRequest request in requests) plain.Release(request);
        return [.. requests.Select(request => request.Output.ToArray())];
    }

    private void Calibrate(TransformerModel model)
    {
        using ModelRunner runner = TalesExperiments.Runner(model, 1, Profile.MaxRows);
        new CostProfiler(runner, new CostStore(_store), options: Profile).Calibrate(model.AllLayers);
    }

    private static int[][] Prompts(int count) => [.. Enumerable.Range(0, count).Select(i => Enumerable.Range(1 + i * PromptTokens, PromptTokens).ToArray())];

    private static Func<int, GenerationOptions> Options(int tokens) => i => new GenerationOptions { MaxNewTokens = tokens, Temperature = 0, Seed = (ulong)i + 1, IgnoreEos = true };
}
