using Switchyard.Experiments.Cast;
using Switchyard.Experiments.Results;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;
using Switchyard.Strategies.SpecRouter;

namespace Switchyard.Experiments.SpecRouter;

/// <summary>Similarity of pairs of models, and what the larger one really kept.</summary>
internal static class SimilarityExperiment
{
    private static readonly (int Drafter, int Verifier, string Chain)[] Pairs = [(0, 1, "0>1/3>2/6"), (0, 2, "0>2/4"), (1, 2, "1>2/4")];

    /// <summary>Measures.</summary>
    public static void Run(ExperimentSetting setting, ResultDocument document, RouterLadder ladder, TextWriter log)
    {
        float[] temperatures = setting.Quick ? [0.7f] : [0, 0.4f, 0.7f, 1, 1.3f];
        var rows = new List<object?[]>();
        var points = new List<(double X, double Y)>();
        int[][] prompts = TalesExperiments.NewPrompts(setting, setting.Quick ? 2 : 16);
        int outside = 0;
        foreach (float temperature in temperatures)
            foreach ((int drafter, int verifier, string chain) in Pairs)
            {
                var means = new Means(ChainPlan.Parse(chain), drafter, verifier);
                using SpecRouterStrategy router = ladder.Router(means, batch: 1, compareEvery: 1);
                DrexMeasurement.Run(router, prompts, i => new GenerationOptions { Temperature = temperature, Seed = (ulong)i + 1, MaxNewTokens = setting.NewTokens, IgnoreEos = true }, concurrency: 1);
                double distance = means.Distance, low = temperature > 0 ? (1 - distance) / (1 + distance) : 1 - distance, high = 1 - distance, error = means.Error;
                bool within = means.Kept >= low - 2 * error && means.Kept <= high + 2 * error;
                if (!within) outside++;
                rows.Add([temperature, $"{ladder.Names[drafter]}, {ladder.Names[verifier]}", high, low, means.Kept, 2 * error, within ? "yes" : "**no**"]);
                if (temperature > 0) points.Add((high, means.Kept));
                log.WriteLine(FormattableString.Invariant($"  T {temperature}, {drafter} and {verifier}: similarity {high:F2}, kept {means.Kept:F2}"));
            }
        document.Heading(2, "M3: similarity and acceptance");
        document.Text($"Mean similarity 1 − D of the distributions that tokens are drawn from, after temperature, at the first place of every block; the share of tokens kept, given that all before were; and twice its standard error. Under shared noise acceptance lies between (1 − D)/(1 + D) and 1 − D; at temperature 0 it is how often both name the same token, and both bounds are one. {outside} of {rows.Count} rows lie outside by more than twice the error: D is compared at first places only, and later places of a block are not an even sample.");
        document.Table(["temperature", "models", "similarity 1 − D", "(1 − D)/(1 + D)", "kept", "±", "between"], rows);
        double[] across = [.. Enumerable.Range(0, 21).Select(i => i / 20.0)];
        document.Figure("similarity", new LineChart("Acceptance by similarity", "similarity 1 − D", "share kept", [
            new ChartSeries("measured", points, PointsOnly: true),
            new ChartSeries("upper bound", [.. across.Select(x => (x, x))]),
            new ChartSeries("lower bound", [.. across.Select(x => (x, x / (2 - x)))])]));
    }

    /// <summary>A fixed chain; means of what it is told of one pair of levels.</summary>
    private sealed class Means(ChainPlan plan, int drafter, int verifier) : IChainPolicy
    {
        private double _distance, _tried, _kept;
        private int _distances;

        public double Distance => _distances == 0 ? 0 : _distance / _distances;

        public double Kept => _tried == 0 ? 0 : _kept / _tried;

        public double Error => _tried == 0 ? 1 : Math.Sqrt(Kept * (1 - Kept) / _tried);

        public ChainPlan Next(in ChainView view) => plan;

        public void ObserveBlock(int one, int other, int tried, int kept)
        {
            if (one == drafter && other == verifier) (_tried, _kept) = (_tried + tried, _kept + kept);
        }

        public void ObserveDistance(int one, int other, double distance, bool greedy)
        {
            if (one == drafter && other == verifier) (_distance, _distances) = (_distance + distance, _distances + 1);
        }
    }
}
