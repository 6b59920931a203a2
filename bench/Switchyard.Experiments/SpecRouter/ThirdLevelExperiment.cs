using Switchyard.Experiments.Cast;
using Switchyard.Experiments.Measuring;
using Switchyard.Experiments.Results;
using Switchyard.Model;
using Switchyard.Model.Synthetic;
using Switchyard.Strategies;
using Switchyard.Strategies.SpecRouter;

namespace Switchyard.Experiments.SpecRouter;

/// <summary>When a third level pays: by the dynamic programme for many ladders, and measured on one of true shape.</summary>
internal static class ThirdLevelExperiment
{
    private const int Tokens = 160;

    private static readonly (double A12, double A23, double A13)[] Acceptances = [(0.6, 0.7, 0.5), (0.7, 0.8, 0.6), (0.8, 0.9, 0.75)];
    private static readonly (double Top, double Bottom)[] Ratios = [(2, 4), (3, 4), (4, 4), (6, 4), (10, 8)];
    private static readonly string[] Chains = ["2", "0>2/4", "1>2/4", "0>1/3>2/6"];

    /// <summary>Predicts and measures.</summary>
    public static void Run(ExperimentSetting setting, ResultDocument document, TransformerModel target, TextWriter log)
    {
        document.Heading(2, "M5: when a third level pays");
        document.Text($"Predicted time per token of the best chain of three over that of the best chain of two, as a gain, by the dynamic programme: a pass over n tokens costs 2 % more for each after the first; windows are 1 to 12. α12/α23/α13 are the chances that each level keeps another's token.");
        document.Table(["t3/t2, t2/t1", .. Acceptances.Select(Name)], Ratios.Select(ratio => (object?[])[$"{ratio.Top}, {ratio.Bottom}", .. Acceptances.Select(a => (object?)FormattableString.Invariant($"{100 * PredictedGain(ratio, a):+0;-0} %"))]));
        Measure(setting, document, target, log);
    }

    private static void Measure(ExperimentSetting setting, ResultDocument document, TransformerModel target, TextWriter log)
    {
        using var models = new Models(setting, target);
        int[] prompt = [.. Enumerable.Range(1, 32)];
        GenerationOptions options = new() { MaxNewTokens = setting.Quick ? 12 : Tokens, Temperature = 0, IgnoreEos = true };
        int[] recording = Record(models.Target, prompt, options);
        double[] seconds = [.. models.All.Select(model => PassTimes.Measure(model, 1, 64, [1], setting.Quick ? 1 : 9)[0])];
        document.Text($"Measured: {setting.SyntheticName}, Q8_0, random weights, batch 1; below it smaller models of random weights are run for their time, and say what the target will say with the chances of the table. Passes of one token take {seconds[0] * 1e3:F1}, {seconds[1] * 1e3:F1} and {seconds[2] * 1e3:F1} ms: t3/t2 = {seconds[2] / seconds[1]:F1}, t2/t1 = {seconds[1] / seconds[0]:F1}. Times the target alone:");
        var rows = new List<object?[]>();
        foreach ((double a12, double a23, double a13) in setting.Quick ? Acceptances[1..2] : Acceptances)
        {
            var script = new ReplayScript(recording, prompt.Length, models.Target.Config.VocabSize, a12, a23, a13);
            using var contest = new Contest([prompt], _ => options, setting.SmallRounds);
            foreach (string chain in Chains) contest.Add(chain, models.Router(script, RecordedChains.Fixed(ChainPlan.Parse(chain))));
            SpecRouterStrategy router = models.Router(script, models.NewPlanner());
            contest.Add("router", router);
            ContestResult speeds = contest.Run(1, log);
            double two = Math.Max(speeds[Chains[1]], speeds[Chains[2]]), best = Math.Max(speeds[Chains[0]], Math.Max(two, speeds[Chains[3]]));
            double predicted = PredictedGain((seconds[2] / seconds[1], seconds[1] / seconds[0]), (a12, a23, a13));
            rows.Add([Name((a12, a23, a13)), .. Chains.Skip(1).Select(chain => (object?)speeds.Gain(chain)), speeds.Gain("router"), router.Plan.ToString(),
                FormattableString.Invariant($"{100 * (best / speeds["router"] - 1):+0;-0} %"), FormattableString.Invariant($"{100 * (speeds[Chains[3]] / two - 1):+0;-0} %"), FormattableString.Invariant($"{100 * predicted:+0;-0} %")]);
        }
        document.Table(["α12/α23/α13", .. Chains.Skip(1), "router", "its chain", "regret", "third level, measured", "third level, predicted"], rows);
        document.Text($"Levels are numbered from the smallest. The router starts anew in every row: it knows what passes cost, as it finds that stored on a machine where one ran before, and nothing of how alike the models are; its regret includes what learning took in the rounds that count. The prediction is for the best windows and the costs of the first table, the measured chains have the windows shown.");
    }

    private static string Name((double A12, double A23, double A13) a) => FormattableString.Invariant($"{a.A12}/{a.A23}/{a.A13}");

    /// <summary>Best chain of two over best chain of three, less one, in units of the target's pass.</summary>
    private static double PredictedGain((double Top, double Bottom) ratio, (double A12, double A23, double A13) a)
    {
        const int LongestWindow = 12;
        double t3 = 1, t2 = t3 / ratio.Top, t1 = t2 / ratio.Bottom, two = double.PositiveInfinity, three = double.PositiveInfinity;
        ChainRound one = new(), middle = new(), last = new();
        for (int window = 1; window <= LongestWindow; window++)
        {
            two = Math.Min(two, Seconds(t1, a.A13, window));
            two = Math.Min(two, Seconds(t2, a.A23, window));
            for (int inner = 1; inner <= LongestWindow; inner++)
            {
                one.Draft(t1);
                middle.Verify(one, a.A12, inner, new Rising(t2));
                last.Verify(middle, a.A23, window, new Rising(t3));
                three = Math.Min(three, last.SecondsPerToken);
            }
        }
        return two / three - 1;

        double Seconds(double draft, double acceptance, int window)
        {
            one.Draft(draft);
            last.Verify(one, acceptance, window, new Rising(t3));
            return last.SecondsPerToken;
        }
    }

    private static int[] Record(TransformerModel target, int[] prompt, GenerationOptions options)
    {
        using var plain = new AutoregressiveStrategy(TalesExperiments.Runner(target, 1, 1));
        return [.. Strategies.Drex.DrexMeasurement.Run(plain, [prompt], _ => options, concurrency: 1).Outputs[0]];
    }

    /// <summary>A pass that checks n tokens.</summary>
    private readonly record struct Rising(double One) : IPassTime
    {
        public double Seconds(int pending) => One * (1 + 0.02 * (pending - 1));
    }

    /// <summary>A ladder of true shapes with random weights.</summary>
    private sealed class Models : IDisposable
    {
        private const int Rows = 26;

        private readonly TransformerModel[] _small;
        private readonly PassProfiles _profiles;

        public Models(ExperimentSetting setting, TransformerModel target)
        {
            Target = target;
            ModelConfig shape = Target.Config;
            _small = [Small(setting, shape, 4), Small(setting, shape, 2)];
            All = [.. _small, Target];
            _profiles = new PassProfiles(All);
        }

        public TransformerModel Target { get; }

        public IReadOnlyList<TransformerModel> All { get; }

        public SpecRouterStrategy Router(ReplayScript script, IChainPolicy policy)
        {
            IChainLevel[] levels =
            [
                .. _small.Select((model, level) => new ReplayLevel($"level {level}", TalesExperiments.Runner(model, 1, Rows), position => script.Says(level, position))),
                new ModelLevel("target", TalesExperiments.Runner(Target, 1, Rows), Target.Config.VocabSize, isTarget: true),
            ];
            return new SpecRouterStrategy(levels, policy, new SpecRouterOptions { TokenCount = Target.Config.VocabSize });
        }

        public ChainPlanner NewPlanner() => new(new SimilarityTracker(All.Count), _profiles.NewCosts());

        public void Dispose()
        {
            _profiles.Dispose();
            foreach (TransformerModel model in _small) model.Dispose();
        }

        /// <summary>A model of a part of the width and the depth, with the whole vocabulary.</summary>
        private static TransformerModel Small(ExperimentSetting setting, ModelConfig shape, int part)
        {
            ModelConfig config = shape with
            {
                HiddenSize = shape.HiddenSize / part, IntermediateSize = shape.IntermediateSize / part, HeadCount = Math.Max(1, shape.HeadCount / part),
                KvHeadCount = Math.Max(1, shape.KvHeadCount / part), LayerCount = Math.Max(1, shape.LayerCount / part),
            };
            return SyntheticModel.Create(setting.Backend, config, Tensor.DType.Q8_0, contextLength: 512, seed: (ulong)part);
        }
    }
}
