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
    public void Off_and_a_threshold_of_one_are_plain_decoding_bit_for_bit(string family)
    {
        int[][] prompts = DrexDriver.Prompts(new Random(4), 6);
        using var plain = new AutoregressiveStrategy(DrexModels.Runner(family));
        using var off = new DrexStrategy(DrexModels.Runner(family), new DrexOptions { Policy = DrexPolicy.Off });
        using var never = new DrexStrategy(DrexModels.Runner(family), new DrexOptions { Confidence = 1, Exits = Exits });
        (DecodingRequest[] expected, List<int>[] bits) = Ride(plain, chaos: null);
        foreach (DrexStrategy strategy in (DrexStrategy[])[off, never])
        {
            (DecodingRequest[] got, List<int>[] gotBits) = Ride(strategy, new Random(8));
            Assert.Equal(expected.Select(r => r.Output.ToArray()), got.Select(r => r.Output.ToArray()));
            Assert.Equal(bits, gotBits);
            Assert.Equal(0, strategy.Statistics.ExitTokens);
            Assert.Equal(expected.Select(r => r.Statistics.LayerRows), got.Select(r => r.Statistics.LayerRows));
        }
        Assert.All(bits, list => Assert.True(list.Count >= 3 * 14));

        using var mixed = new DrexStrategy(DrexModels.Runner(family), new DrexOptions { Confidence = 1, Exits = Exits }, new DrexParts { Rule = new ChanceRule(2) });
        (DecodingRequest[] company, List<int>[] mixedBits) = Ride(mixed, new Random(8), i => i % 2 == 0 ? 0f : null);
        for (int i = 1; i < prompts.Length; i += 2)
        {
            Assert.Equal(expected[i].Output.ToArray(), company[i].Output.ToArray());
            Assert.Equal(bits[i], mixedBits[i]);
        }
        Assert.NotEqual(bits[0], mixedBits[0]);
        Assert.True(mixed.Statistics.Regroupings > 0);
        Assert.Equal(DecodingGuarantee.Lossless, off.Guarantee);

        (DecodingRequest[], List<int>[]) Ride(IDecodingStrategy strategy, Random? chaos, Func<int, float?>? confidence = null)
        {
            List<int>[] seen = [.. prompts.Select(_ => new List<int>())]; // the bits of every log-probability
            DecodingRequest[] requests = [.. prompts.Select((prompt, i) => new DecodingRequest(
                prompt, Options(i) with { LogProbs = 3, ExitConfidence = confidence?.Invoke(i) },
                onToken: token => seen[i].AddRange(token.Choice.Top!.Select(t => BitConverter.SingleToInt32Bits(t.LogProbability)))))];
            DrexDriver.Run(strategy, requests, chaos);
            return (requests, seen);
        }
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
