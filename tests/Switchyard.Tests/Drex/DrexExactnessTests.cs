using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;
using Xunit;

namespace Switchyard.Tests.Drex;

/// <summary>The default form gives the tokens of the same rule run one request at a time.</summary>
public sealed class DrexExactnessTests
{
    private static readonly int[] Exits = [2, 4];

    private static GenerationOptions Options(int index, int tokens = 14) => new()
    {
        MaxNewTokens = tokens, Temperature = (index % 3) switch { 0 => 0f, 1 => 0.8f, _ => 1.3f }, Seed = (ulong)(7 + index),
        RepetitionPenalty = index % 4 == 3 ? 1.2f : 1,
    };

    public static IEnumerable<object[]> Forms() =>
        from family in DrexModels.Families
        from kv in Enum.GetValues<MissingKv>()
        select new object[] { family.Name, kv };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Any_company_gives_the_tokens_of_one_request_at_a_time(string family, MissingKv kv)
    {
        for (int seed = 0; seed < 4; seed++)
        {
            Outcome outcome = Compare(family, kv, seed, confidence: null);
            Assert.True(outcome.Broken is null, $"seed {seed}: {outcome.Broken}");
            Assert.True(outcome.Statistics.ExitTokens > 0 && outcome.Statistics.DeepTokens > 0, $"seed {seed}: exits {outcome.Statistics.ExitTokens}, deep {outcome.Statistics.DeepTokens}");
            Assert.Equal(0, outcome.Statistics.ForcedExits + outcome.Statistics.ForcedStays);
            Assert.Equal(0, outcome.Statistics.ActivationBytesCopied + outcome.Statistics.KvBytesCopied);
        }
    }

    [Fact]
    public void The_comparison_rejects_confidence_that_depends_on_company() =>
        Assert.Contains(Enumerable.Range(0, 4), seed => Compare("llama", MissingKv.Source, seed, new CrowdedConfidence()).Broken is not null);

    [Fact]
    public void The_comparison_rejects_missing_keys_and_values_that_are_left_out() =>
        Assert.Contains(Enumerable.Range(0, 4), seed => Compare("llama", MissingKv.Source, seed, null, Unfill).Broken is not null);

    [Fact]
    public void The_comparison_rejects_a_source_one_layer_too_low() =>
        Assert.Contains(Enumerable.Range(0, 4), seed => Compare("llama", MissingKv.Source, seed, null, Lower).Broken is not null);

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

    private sealed record Outcome(string? Broken, DrexStatistics Statistics);

    private static Outcome Compare(string family, MissingKv kv, int seed, IConfidenceSource? confidence, Action<ModelRunner>? tamper = null)
    {
        var random = new Random(seed);
        int[][] prompts = DrexDriver.Prompts(random, 7);
        float threshold = 0.03f + (0.02f * seed);
        var options = new DrexOptions
        {
            Exits = Exits, Confidence = threshold, Kv = kv, MaxRows = 1 + random.Next(8), MaxWait = random.Next(12), LogCapacity = 10_000,
            Chunks = new(1 + random.Next(40), 1 + random.Next(9)),
        };
        ModelRunner runner = DrexModels.Runner(family);
        using var strategy = new DrexStrategy(runner, options, new DrexParts { Rule = new ChanceRule(seed), Confidence = confidence });
        using ModelRunner reference = DrexModels.Runner(family);
        DecodingRequest[] requests = DrexDriver.Requests(prompts, i => Options(i));
        DrexDriver.Run(strategy, requests, random, observe: _ => tamper?.Invoke(runner));
        for (int i = 0; i < prompts.Length; i++)
        {
            List<ExitToken> expected = SequentialExits.Decode(reference, prompts[i], Options(i), Exits, threshold, kv == MissingKv.Postfill);
            if (!expected.Select(t => t.Token).SequenceEqual(requests[i].Output.ToArray()))
                return new($"request {i}: got [{string.Join(",", requests[i].Output.ToArray())}], alone [{string.Join(",", expected.Select(t => t.Token))}]", strategy.Statistics);
        }
        return new(null, strategy.Statistics);
    }

    private static void Unfill(ModelRunner runner) => Tamper(runner, (_, _) => Tensor.KvStore.Absent);

    private static void Lower(ModelRunner runner) => Tamper(runner, (_, source) => (short)Math.Max(0, source - 1));

    private static void Tamper(ModelRunner runner, Func<int, short, short> change)
    {
        Tensor.KvStore store = runner.Pool.Store;
        for (int layer = 0; layer < store.Shape.Layers; layer++)
            for (int slot = 0; slot < store.Shape.Slots; slot++)
                if (store.Source(layer, slot) is >= 0 and short source && source != layer && source is 1 or 3) store.SetSource(layer, slot, change(layer, source));
    }

    /// <summary>A planted bug: surer after somebody else was looked at.</summary>
    private sealed class CrowdedConfidence : IConfidenceSource
    {
        private DecodingRequest? _last;

        public float Confidence(DecodingRequest request, int position, int depth, float measured)
        {
            bool crowded = _last is not null && _last != request;
            _last = request;
            return crowded ? measured + 0.02f : measured;
        }
    }
}
