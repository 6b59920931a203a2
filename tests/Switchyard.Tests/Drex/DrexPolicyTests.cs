using Switchyard.Properties.Reference;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;
using Xunit;

namespace Switchyard.Tests.Drex;

/// <summary>The paper's form and its baselines: who is forced, and what still holds.</summary>
public sealed class DrexPolicyTests
{
    private const float Threshold = 0.08f;
    private static readonly int[] Exits = [3];

    private static GenerationOptions Options(int index) => new() { MaxNewTokens = 20, Temperature = 0.9f, Seed = (ulong)index };

    private static (DrexStrategy Strategy, DrexRun Run) Ride(DrexOptions options, DrexParts? parts = null, int requests = 6)
    {
        var strategy = new DrexStrategy(DrexModels.Runner("llama"), options with { Exits = Exits, Confidence = Threshold, AllowBatchDependent = true, LogCapacity = 100_000 }, parts);
        return (strategy, DrexDriver.Run(strategy, DrexDriver.Requests(DrexDriver.Prompts(new Random(5), requests, 6), Options)));
    }

    private static int[][] Alone() =>
        [.. DrexDriver.Prompts(new Random(5), 6, 6).Select((prompt, i) =>
        {
            using var runner = DrexModels.Runner("llama");
            return SequentialExits.Decode(runner, prompt, Options(i), Exits, Threshold, exact: false).Select(t => t.Token).ToArray();
        })];

    [Theory]
    [InlineData(DrexPolicy.Eager)]
    [InlineData(DrexPolicy.Lazy)]
    [InlineData(DrexPolicy.Average)]
    [InlineData(DrexPolicy.Median)]
    public void Group_policies_give_one_verdict_and_count_whom_it_forced(DrexPolicy policy)
    {
        (DrexStrategy strategy, DrexRun run) = Ride(new DrexOptions { Policy = policy });
        using DrexStrategy owned = strategy;
        var steps = strategy.Log.ToList().GroupBy(e => e.Step);
        long forcedOut = 0, forcedIn = 0;
        foreach (var step in steps)
        {
            DrexEvent[] exits = [.. step.Where(e => e.Kind == DrexEventKind.Exited)], deep = [.. step.Where(e => e.Kind == DrexEventKind.Completed)];
            Assert.True(exits.Length == 0 || deep.Length == 0, "a group was split");
            int unsure = exits.Count(e => e.Value <= Threshold);
            int kept = step.Count(e => e.Kind == DrexEventKind.ForcedStay);
            if (policy == DrexPolicy.Eager) Assert.Equal(0, kept);
            if (policy == DrexPolicy.Lazy) Assert.Equal(0, unsure);
            if (policy == DrexPolicy.Average && exits.Length > 0) Assert.True(exits.Sum(e => e.Value - Threshold) > -1e-6);
            if (policy == DrexPolicy.Median && exits.Length > 0) Assert.True(unsure <= exits.Length / 2);
            (forcedOut, forcedIn) = (forcedOut + unsure, forcedIn + kept);
        }
        Assert.Equal((forcedOut, forcedIn), (strategy.Statistics.ForcedExits, strategy.Statistics.ForcedStays));
        Assert.Equal(run.Outputs.Sum(o => o.Length), strategy.Statistics.Tokens);
        Assert.Equal(0, strategy.Statistics.Parkings);
        Assert.True(forcedOut + forcedIn > 0);
    }

    [Fact]
    public void An_eager_crowd_changes_tokens_and_so_is_no_policy_of_one_request()
    {
        (DrexStrategy eager, DrexRun run) = Ride(new DrexOptions { Policy = DrexPolicy.Eager });
        eager.Dispose();
        Assert.NotEqual(Alone(), run.Outputs);
    }

    [Fact]
    public void The_papers_form_with_threshold_zero_gives_the_tokens_of_the_same_rule_alone()
    {
        // Prompts of one token: the published form looks at no exit while prompts run, which company would show.
        var options = new DrexOptions { Stays = StayRule.Paper, SplitThreshold = 0 };
        (DrexStrategy strategy, DrexRun run) = OneTokenPrompts(options);
        using DrexStrategy owned = strategy;
        for (int i = 0; i < run.Requests.Count; i++)
        {
            using var runner = DrexModels.Runner("llama");
            Assert.Equal(SequentialExits.Decode(runner, [i + 1], Options(i), Exits, Threshold, exact: false).Select(t => t.Token), run.Outputs[i]);
        }
        Assert.Equal((0, 0), (strategy.Statistics.ForcedExits, strategy.Statistics.ForcedStays));
        Assert.True(strategy.Statistics.Parkings > 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void The_papers_form_splits_only_above_its_threshold_and_forces_nobody_out(int threshold)
    {
        (DrexStrategy strategy, _) = OneTokenPrompts(new DrexOptions { Stays = StayRule.Paper, SplitThreshold = threshold, MaxRows = 6 });
        using DrexStrategy owned = strategy;
        foreach (var step in strategy.Log.ToList().GroupBy(e => e.Step))
        {
            int exits = step.Count(e => e.Kind == DrexEventKind.Exited);
            Assert.True(exits == 0 || exits > threshold, $"step {step.Key}: {exits} left");
        }
        Assert.Equal(0, strategy.Statistics.ForcedExits);
        Assert.True(strategy.Statistics.ForcedStays > 0);
        Assert.True(strategy.Statistics.MostParked <= strategy.Options.ParkedLimit);
    }

    [Fact]
    public void The_adaptive_form_measures_its_iterations_and_ends()
    {
        var parts = new DrexParts { Time = new SteppingTime(1), Confidence = new SeededConfidence(1) };
        var strategy = new DrexStrategy(DrexModels.Runner("llama"), new DrexOptions { Exits = Exits, Confidence = 0.5f, Stays = StayRule.Paper, AllowBatchDependent = true, MaxRows = 4 }, parts);
        using DrexStrategy owned = strategy;
        DrexRun run = DrexDriver.Run(strategy, DrexDriver.Requests(DrexDriver.Prompts(new Random(5), 12, 6), Options), new Random(3));
        Assert.Equal(12 * 20, run.Outputs.Sum(o => o.Length));
        Assert.True(strategy.Statistics.ExitTokens > 0 && strategy.Statistics.DeepTokens > 0);
        Assert.Equal(0, strategy.Statistics.ForcedExits);
    }

    [Fact]
    public void Latency_only_saves_no_layer_and_leaves_an_exact_cache()
    {
        (DrexStrategy strategy, DrexRun run) = Ride(new DrexOptions { Policy = DrexPolicy.LatencyOnly });
        using DrexStrategy owned = strategy;
        Assert.True(strategy.Statistics.ExitTokens > 0);
        foreach (DecodingRequest request in run.Requests)
            Assert.InRange(request.Statistics.LayerRows, (6L * (request.PromptLength + request.Output.Length - 1)) - 6, 6L * (request.PromptLength + request.Output.Length - 1));
    }

    [Fact]
    public void Gathering_by_cost_saves_passes_where_passes_cost_alike()
    {
        var parts = new DrexParts { Costs = new AffineCosts([1, 1], [0, 0]), Confidence = new SeededConfidence(1) };
        var always = new DrexParts { Rule = new ChanceRule(0, outOf: 1), Confidence = new SeededConfidence(1) };
        var options = new DrexOptions { Exits = Exits, Confidence = 0.5f, MaxRows = 4, LogCapacity = 100_000 };
        Assert.True(DeepPasses(parts, options) < 0.8 * DeepPasses(always, options), $"{DeepPasses(parts, options)} of {DeepPasses(always, options)}");

        static int DeepPasses(DrexParts parts, DrexOptions options)
        {
            using var strategy = new DrexStrategy(DrexModels.Runner("llama"), options, parts);
            DrexDriver.Run(strategy, DrexDriver.Requests(DrexDriver.Prompts(new Random(5), 12, 3), i => Options(i) with { MaxNewTokens = 40 }));
            return strategy.Log.ToList().Count(e => e.Kind == DrexEventKind.Ran && e.Depth == 3);
        }
    }

    private static (DrexStrategy Strategy, DrexRun Run) OneTokenPrompts(DrexOptions options)
    {
        var strategy = new DrexStrategy(DrexModels.Runner("llama"), options with { Exits = Exits, Confidence = Threshold, AllowBatchDependent = true, LogCapacity = 100_000 });
        return (strategy, DrexDriver.Run(strategy, DrexDriver.Requests([[1], [2], [3], [4], [5], [6]], Options)));
    }
}
