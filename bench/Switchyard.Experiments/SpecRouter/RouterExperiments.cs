using Switchyard.Experiments.Cast;
using Switchyard.Experiments.Measuring;
using Switchyard.Experiments.Results;
using Switchyard.Model;
using Switchyard.Tensor;
using Switchyard.Strategies;
using Switchyard.Strategies.SpecRouter;

namespace Switchyard.Experiments.SpecRouter;

/// <summary>What the router shows on this machine: regret against fixed chains, drift, similarity, rollback, and when a third level pays.</summary>
internal static class RouterExperiments
{
    private static readonly string[] Chains = ["2", "0>2/2", "0>2/4", "0>2/8", "1>2/2", "1>2/4", "1>2/8", "0>1/2>2/3", "0>1/2>2/6", "0>1/4>2/8"];

    /// <summary>Runs everything.</summary>
    public static void Run(ExperimentSetting setting, ResultDocument document, TextWriter log)
    {
        document.Heading(1, "SpecRouter: measurements");
        if (setting.Quick) document.Text($"**A quick run with tiny sizes, to see that the experiments work. Its numbers are no results.**");
        document.Text($"Made by `dotnet run -c Release --project bench/Switchyard.Experiments -- specrouter{(setting.Quick ? " --quick" : "")}` on: {setting.Machine}.");
        document.Text($"Speeds are medians over rounds; every round runs each contender once on the same requests, after one round that is thrown away. Only decoding is timed, not prompts. A contender whose tokens differ from the target's alone ends the experiment. Chains are written with the number of waiting tokens at which each level is asked.");
        string[] names = ["tales-0.4m", "tales-1m", "tales-10m"];
        using var ladder = new RouterLadder([.. names.Select(setting.Open)], names);
        log.WriteLine("M1: fixed chains and the router");
        foreach (int batch in setting.Quick ? (int[])[2] : [1, 8]) FixedChains(setting, document, ladder, batch, log);
        log.WriteLine("M2: drift");
        DriftExperiment.Run(setting, document, ladder, log);
        log.WriteLine("M3: similarity");
        SimilarityExperiment.Run(setting, document, ladder, log);
        log.WriteLine("M4: rollback");
        TransformerModel large = setting.OpenSynthetic(DType.Q8_0, context: 512);
        RollbackExperiment.Run(setting, document, large, log);
        log.WriteLine("M5: the third level");
        ThirdLevelExperiment.Run(setting, document, large, log);
    }

    private static void FixedChains(ExperimentSetting setting, ResultDocument document, RouterLadder ladder, int batch, TextWriter log)
    {
        string[] chains = setting.Quick ? [.. Chains.Where((_, i) => i % 4 == 0)] : Chains;
        using Contest contest = TalesExperiments.NewContest(setting, Math.Max(4, 2 * batch));
        var routers = new Dictionary<string, SpecRouterStrategy>();
        foreach (string chain in chains) routers.Add(ladder.Show(ChainPlan.Parse(chain)), ladder.Fixed(chain, batch));
        routers.Add("router", ladder.Choosing(batch));
        routers.Add("router with trees", ladder.Choosing(batch, branches: 8));
        foreach ((string name, SpecRouterStrategy router) in routers) contest.Add(name, router);
        ContestResult speeds = contest.Run(batch, log);

        string best = routers.Keys.Take(chains.Length).MaxBy(speeds.Gain)!;
        double regret = speeds.Gain(best) / speeds.Gain("router") - 1;
        document.Heading(2, $"M1: fixed chains and the router, batch {batch}");
        document.Text($"tales at temperature 0.7. Best fixed chain: {best}, {speeds.Gain(best):F2} times the target alone. The router, which begins knowing what passes cost, and nothing of how alike the models are: {speeds.Gain("router"):F2} times; regret {regret:P1}{(regret <= 0.05 ? "" : ", **more than the 5 % that were the goal**")}. With trees at the last hop: {speeds.Gain("router with trees"):F2} times. In the end it used {ladder.Show(routers["router"].Plan)} after {routers["router"].Switches} switches.");
        document.Table(["chain", "tokens/s", "times the target alone", "target passes a token"], routers.Select(pair => (object?[])[pair.Key, speeds[pair.Key], speeds.Gain(pair.Key), PassesPerToken(pair.Value)]));
    }

    /// <summary>Of all rounds; a pass serves every request of a batch.</summary>
    private static double PassesPerToken(SpecRouterStrategy router) => (double)router.Levels[^1].Passes / router.Levels.Sum(level => level.Committed);
}
