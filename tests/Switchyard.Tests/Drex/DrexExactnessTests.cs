using Switchyard.Strategies;
using Switchyard.Strategies.Drex;
using Xunit;

namespace Switchyard.Tests.Drex;

/// <summary>Forms and settings that give the same tokens; what the default form promises is a law (drex/alone).</summary>
public sealed class DrexExactnessTests
{
    private static readonly int[] Exits = [2, 4];

    private static GenerationOptions Options(int index, int tokens = 14) => new()
    {
        MaxNewTokens = tokens, Temperature = (index % 3) switch { 0 => 0f, 1 => 0.8f, _ => 1.3f }, Seed = (ulong)(7 + index),
        RepetitionPenalty = index % 4 == 3 ? 1.2f : 1,
    };

    [Fact]
    public void Postfill_gives_the_tokens_of_latency_only()
    {
        foreach ((string family, _) in DrexModels.Families)
        {
            int[][] prompts = DrexDriver.Prompts(new Random(3), 5);
            int[][] late = Outputs(new DrexOptions { Kv = MissingKv.Postfill }), early = Outputs(new DrexOptions { Policy = DrexPolicy.LatencyOnly });
            Assert.Equal(early, late);

            int[][] Outputs(DrexOptions options)
            {
                using var strategy = new DrexStrategy(DrexModels.Runner(family), options with { Exits = Exits, Confidence = 0.05f });
                return DrexDriver.Run(strategy, DrexDriver.Requests(prompts, i => Options(i, 30))).Outputs;
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void A_bound_on_pending_rows_changes_no_tokens(int pending)
    {
        int[][] prompts = DrexDriver.Prompts(new Random(9), 7);
        int[][] few = Outputs(pending, 16), many = Outputs(8, 96);
        Assert.Equal(many, few);

        int[][] Outputs(int most, int rows)
        {
            var options = new DrexOptions { Kv = MissingKv.Postfill, Exits = Exits, Confidence = 0.02f, MaxPending = most };
            using var strategy = new DrexStrategy(DrexModels.Runner("qwen3", rows), options, new DrexParts { Rule = new ChanceRule(5) });
            return DrexDriver.Run(strategy, DrexDriver.Requests(prompts, i => Options(i, 30)), new Random(1)).Outputs;
        }
    }

    [Theory]
    [MemberData(nameof(DrexModels.FamilyNames), MemberType = typeof(DrexModels))]
    public void Off_and_a_threshold_of_one_are_plain_decoding(string family)
    {
        int[][] prompts = DrexDriver.Prompts(new Random(4), 6);
        using var plain = new AutoregressiveStrategy(DrexModels.Runner(family));
        using var off = new DrexStrategy(DrexModels.Runner(family), new DrexOptions { Policy = DrexPolicy.Off });
        using var never = new DrexStrategy(DrexModels.Runner(family), new DrexOptions { Confidence = 1, Exits = Exits });
        DrexRun expected = DrexDriver.Run(plain, DrexDriver.Requests(prompts, Logged));
        foreach (DrexStrategy strategy in (DrexStrategy[])[off, never])
        {
            DrexRun run = DrexDriver.Run(strategy, DrexDriver.Requests(prompts, Logged), new Random(8));
            Assert.Equal(expected.Outputs, run.Outputs);
            Assert.Equal(0, strategy.Statistics.ExitTokens);
            Assert.Equal(expected.Requests.Select(r => r.Statistics.LayerRows), run.Requests.Select(r => r.Statistics.LayerRows));
        }

        using var mixed = new DrexStrategy(DrexModels.Runner(family), new DrexOptions { Confidence = 1, Exits = Exits }, new DrexParts { Rule = new ChanceRule(2) });
        DecodingRequest[] company = DrexDriver.Requests(prompts, i => Logged(i) with { ExitConfidence = i % 2 == 0 ? 0f : null });
        DrexDriver.Run(mixed, company, new Random(8));
        for (int i = 1; i < prompts.Length; i += 2) Assert.Equal(expected.Outputs[i], company[i].Output.ToArray());
        Assert.True(mixed.Statistics.Regroupings > 0);
        Assert.Equal(DecodingGuarantee.Lossless, off.Guarantee);

        static GenerationOptions Logged(int i) => Options(i) with { LogProbs = 3 };
    }

    [Fact]
    public void Thresholds_are_each_requests_own()
    {
        int[][] prompts = DrexDriver.Prompts(new Random(5), 4);
        using var strategy = new DrexStrategy(DrexModels.Runner("llama"), new DrexOptions { Exits = Exits, Confidence = 1 });
        DecodingRequest[] requests = DrexDriver.Requests(prompts, i => Options(0) with { ExitConfidence = i < 2 ? 0f : null });
        DrexDriver.Run(strategy, requests);
        Assert.All(requests[..2], r => Assert.True(r.Statistics.LayerRows < 6L * (r.PromptLength + r.Output.Length - 1)));
        Assert.All(requests[2..], r => Assert.Equal(6L * (r.PromptLength + r.Output.Length - 1), r.Statistics.LayerRows));
    }
}
