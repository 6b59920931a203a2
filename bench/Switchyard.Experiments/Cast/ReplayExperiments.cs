using Switchyard.Experiments.Measuring;
using Switchyard.Experiments.Results;
using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Cast;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Speculation;

namespace Switchyard.Experiments.Cast;

/// <summary>Speed beyond toy size: a draft of known quality, replayed from what plain decoding gave, on a model of true shape.</summary>
internal static class ReplayExperiments
{
    private const int Width = 4;

    /// <summary>Measures chains of replayed guesses against the forecast from pass times, and CAST on the same guesses.</summary>
    public static void Run(ExperimentSetting setting, ResultDocument document, TextWriter log)
    {
        log.WriteLine("replay");
        TransformerModel model = setting.OpenSynthetic();
        int[] prompt = [.. Enumerable.Range(1, 32)];
        GenerationOptions options = new() { MaxNewTokens = setting.NewTokens, Temperature = 0, IgnoreEos = true };
        using var contest = new Contest([prompt], _ => options, setting.Rounds);
        contest.Add("plain", new AutoregressiveStrategy(CastExperiments.Runner(model, 1, 1)));
        int[] recording = Record(model, prompt, options);
        double[] rates = setting.Quick ? [0.8] : [0.6, 0.7, 0.8, 0.9];
        var expected = new Dictionary<double, double>();
        double[] passes = PassTimes.Measure(model, 1, 64, [1, Width + 1], 3 * setting.Rounds);
        foreach (double rate in rates)
        {
            var chain = new SpeculativeStrategy("chain", CastExperiments.Runner(model, 1, Width + 1), Drafter(rate), FixedShaper.Chain(Width));
            contest.Add($"chain {rate}", chain);
            ModelRunner target = CastExperiments.Runner(model, 1, 65);
            var profiler = new CostProfiler(target);
            var costs = new ModelPairCosts(profiler, model.AllLayers, draft: null, default);
            contest.Add($"cast {rate}", new SpeculativeStrategy("cast", target, Drafter(rate), new CastShaper(costs), new() { Reliability = new Reliability() }));
            expected[rate] = ChainForecast.ExpectedTokens(rate, Width) * passes[0] / passes[1];
        }
        Dictionary<string, double> speeds = contest.Run(1, log);
        document.Heading(2, "Replay on a model of true shape");
        document.Text($"{setting.SyntheticName}, Q8_0, random weights, batch 1. A chain of {Width} guesses, each right with probability α after the one before; the forecast is E(α, {Width})·c(1) / (c({Width + 1}) + draft) with c(1) = {passes[0] * 1e3:F1} ms, c({Width + 1}) = {passes[1] * 1e3:F1} ms and a draft that costs nothing. One text of {setting.NewTokens} tokens: how many guesses were right varies about α.");
        document.Table(["α", "measured, times plain", "forecast", "measured / forecast", "CAST, times plain"], rates.Select(rate =>
        {
            double gain = speeds[$"chain {rate}"] / speeds["plain"];
            return (object?[])[rate, gain, expected[rate], gain / expected[rate], speeds[$"cast {rate}"] / speeds["plain"]];
        }));
        document.Figure("replay", new LineChart("Replayed drafts", "α", "times plain", [
            new ChartSeries("chain, measured", [.. rates.Select(r => (r, speeds[$"chain {r}"] / speeds["plain"]))]),
            new ChartSeries("chain, forecast", [.. rates.Select(r => (r, expected[r]))]),
            new ChartSeries("CAST", [.. rates.Select(r => (r, speeds[$"cast {r}"] / speeds["plain"]))])]));

        ReplayDrafter Drafter(double rate) => new(_ => recording, rate, model.Config.VocabSize, seed: 3);
    }

    private static int[] Record(TransformerModel model, int[] prompt, GenerationOptions options)
    {
        using var plain = new AutoregressiveStrategy(CastExperiments.Runner(model, 1, 1));
        var request = new DecodingRequest(prompt, options);
        if (!plain.TryAdmit(request)) throw new InvalidOperationException("The recording does not fit the cache.");
        DecodingRequest[] batch = [request];
        while (!request.IsFinished) plain.Step(batch);
        plain.Release(request);
        return request.Output.ToArray();
    }
}
