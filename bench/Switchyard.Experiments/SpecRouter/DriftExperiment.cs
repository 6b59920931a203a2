using Switchyard.Experiments.Results;
using Switchyard.Strategies;
using Switchyard.Strategies.SpecRouter;

namespace Switchyard.Experiments.SpecRouter;

/// <summary>Text that becomes hard to guess, and a level that becomes slow: how soon the chain follows.</summary>
internal static class DriftExperiment
{
    private const string Easy = "Once upon a time there was a poor man who had three sons, and", Hard = "7 q% Zx; 0b kk ~ 19 Ww";

    /// <summary>Measures.</summary>
    public static void Run(ExperimentSetting setting, ResultDocument document, RouterLadder ladder, TextWriter log)
    {
        document.Heading(2, "M2: drift");
        Text(setting, document, ladder, log);
        Delay(setting, document, ladder, log);
    }

    private static void Text(ExperimentSetting setting, ResultDocument document, RouterLadder ladder, TextWriter log)
    {
        ChainPlanner planner = ladder.NewPlanner();
        using SpecRouterStrategy router = ladder.Router(planner, batch: 1);
        int each = setting.Quick ? 2 : 12;
        var rows = new List<object?[]>();
        foreach ((string name, string prompt, float temperature) in new[] { ("easy", Easy, 0.3f), ("hard", Hard, 1.6f), ("easy again", Easy, 0.3f) })
        {
            int plans = planner.Plans, switches = router.Switches;
            long offered = Offered(router), kept = Kept(router);
            for (int i = 0; i < each; i++) Decode(router, setting.Tokenizer.Encode(prompt), new GenerationOptions { Temperature = temperature, Seed = (ulong)i, MaxNewTokens = setting.NewTokens, IgnoreEos = true });
            rows.Add([name, ladder.Show(planner.Best), planner.Plans - plans, router.Switches - switches, Share(Kept(router) - kept, Offered(router) - offered)]);
            log.WriteLine($"  {name}: {ladder.Show(planner.Best)}");
        }
        document.Text($"One request after another, {each} of {setting.NewTokens} tokens in each part: a story at temperature 0.3, then letters without sense at 1.6, then the story again. The chain in use at the end of each part:");
        document.Table(["text", "chain", "plans", "switches", "guesses kept"], rows);
    }

    /// <summary>Every model that drafts in the best chain is made slower than the target after it has settled.</summary>
    private static void Delay(ExperimentSetting setting, ResultDocument document, RouterLadder ladder, TextWriter log)
    {
        var slow = new DelayedLevel[2];
        ChainPlanner planner = ladder.NewPlanner();
        using SpecRouterStrategy router = ladder.Router(planner, batch: 1, wrap: (i, level) => i < slow.Length ? slow[i] = new DelayedLevel(level) : level);
        GenerationOptions options = new() { Temperature = 0.7f, Seed = 1, MaxNewTokens = setting.NewTokens, IgnoreEos = true };
        int[] prompt = setting.Tokenizer.Encode(Easy);
        for (int i = 0; i < (setting.Quick ? 2 : 8); i++) Decode(router, prompt, options with { Seed = (ulong)i });
        ChainPlan before = planner.Best;
        int victim = before.Count > 1 ? before.Bottom : 0, plans = planner.Plans, needed = 0;
        slow[victim].Delay = TimeSpan.FromSeconds(3 * planner.PlainSeconds);
        while (planner.Best.Has(victim) && needed < 20)
        {
            Decode(router, prompt, options with { Seed = (ulong)(100 + needed), MaxNewTokens = 16 });
            needed = planner.Plans - plans;
        }
        ChainPlan during = planner.Best;
        slow[victim].Delay = default;
        int recovered = planner.Plans;
        for (int i = 0; i < (setting.Quick ? 2 : 24) && planner.Best.Levels != before.Levels; i++) Decode(router, prompt, options with { Seed = (ulong)(200 + i) });
        string back = planner.Best.Levels == before.Levels ? $"It was in use again after {planner.Plans - recovered} plans." : $"It was not in use again within {planner.Plans - recovered} plans: a level that is not used is measured by exploration alone.";
        log.WriteLine($"  delay of {ladder.Names[victim]}: {ladder.Show(before)} to {ladder.Show(during)} in {needed} plans");
        document.Text($"A delay of three times the target's pass in every pass of {ladder.Names[victim]} changed the chain from {ladder.Show(before)} to {ladder.Show(during)} within {needed} plans. Then the delay was taken away. {back}");
    }

    private static void Decode(SpecRouterStrategy router, int[] prompt, GenerationOptions options)
    {
        var request = new DecodingRequest(prompt, options);
        if (!router.TryAdmit(request)) throw new InvalidOperationException("The request does not fit the cache.");
        DecodingRequest[] batch = [request];
        while (!request.IsFinished) router.Step(batch);
        router.Release(request);
    }

    private static long Offered(SpecRouterStrategy router) => router.Levels.SkipLast(1).Sum(level => level.Offered);

    private static long Kept(SpecRouterStrategy router) => router.Levels.SkipLast(1).Sum(level => level.Committed);

    private static double Share(long part, long whole) => whole == 0 ? 0 : (double)part / whole;
}
