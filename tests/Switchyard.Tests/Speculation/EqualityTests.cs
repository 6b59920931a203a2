using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Properties;
using Switchyard.Strategies;
using Switchyard.Strategies.Speculation;
using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests.Speculation;

/// <summary>Speculation gives plain decoding's tokens, whatever the drafter, the shape and the company.</summary>
public sealed class EqualityTests
{
    private const int Requests = 7; // one of each kind of options

    public static TheoryData<string> Models
    {
        get
        {
            var data = new TheoryData<string>();
            foreach (ModelSource source in TinyModels.All) data.Add(source.Name);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Trees_of_a_model_draft_give_the_tokens_of_plain_decoding(string model)
    {
        int seed = model.Length;
        Check(model, seed, together: 1 + seed % 8, backend => new SpeculativeStrategy(
            "tree", Decoding.Runner(backend, model, seed), Decoding.Draft(backend, model, seed), new FixedShaper(4, 3, 9)));
    }

    [Theory]
    [InlineData("llama-gqa-tied", 1)]
    [InlineData("mistral-window", 8)]
    public void Chains_give_the_tokens_of_plain_decoding(string model, int together) => Check(model, 3, together, backend => new SpeculativeStrategy(
        "chain", Decoding.Runner(backend, model, 3), Decoding.Draft(backend, model, 3), FixedShaper.Chain(4)));

    [Theory]
    [InlineData("llama-linear-rope", 3)]
    [InlineData("qwen2-bias", 8)]
    public void Lookup_gives_the_tokens_of_plain_decoding(string model, int together) => Check(model, 4, together, backend => new SpeculativeStrategy(
        "lookup", Decoding.Runner(backend, model, 4), new LookupDrafter(3, 1), new FixedShaper(6, 2, 8)));

    [Theory]
    [InlineData("llama-gqa-tied", 1, 2)]
    [InlineData("llama-yarn", 3, 5)]
    [InlineData("mistral-window", 1, 8)]
    [InlineData("qwen3-qk-norm", 2, 4)]
    public void The_targets_own_first_layers_as_a_draft_give_the_tokens_of_plain_decoding(string model, int exit, int together) => Check(model, 6, together, backend =>
    {
        ModelRunner target = Decoding.Runner(backend, model, 6);
        return new SpeculativeStrategy("self", target, new SelfDrafter(target, target.Model.SharedExit(exit), TinyModels.VocabSize), new FixedShaper(4, 3, 9));
    });

    [Theory]
    [InlineData("llama-gqa-tied", 2)]
    [InlineData("qwen2-bias", 7)]
    public void Left_out_layers_as_a_draft_give_the_tokens_of_plain_decoding(string model, int together) => Check(model, 7, together, backend =>
    {
        ModelRunner target = Decoding.Runner(backend, model, 7);
        LayerMask mask = LayerSkipDrafter.EveryOther(target.Model.Config.LayerCount);
        return new SpeculativeStrategy("self", target, new LayerSkipDrafter(target, mask, TinyModels.VocabSize), new FixedShaper(4, 3, 9));
    });

    [Fact]
    public void A_draft_that_leaves_out_no_layer_is_always_right()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        ModelRunner target = Decoding.Runner(backend, "qwen3-qk-norm", 2);
        using var strategy = new SpeculativeStrategy(
            "self", target, new LayerSkipDrafter(target, LayerMask.All(target.Model.Config.LayerCount)), FixedShaper.Chain(4));
        DecodingRequest[] requests = Decoding.Requests(1, 3, i => new GenerationOptions { MaxNewTokens = 21, Temperature = 0.7f, Seed = 3, IgnoreEos = true });
        StepStats stats = Decoding.Run(strategy, requests, 3);
        Assert.Equal(stats.Drafted, stats.Accepted);
    }

    [Fact]
    public void A_small_arena_and_a_small_cache_only_make_trees_smaller() => Check("llama-mha-biases", 5, 4, backend => new SpeculativeStrategy(
        "tree", Decoding.Runner(backend, "llama-mha-biases", 5, rows: 11, slots: 96),
        Decoding.Draft(backend, "llama-mha-biases", 5, rows: 9), new FixedShaper(5, 4, 16)));

    [Theory]
    [InlineData("llama3-rope")]
    [InlineData("mistral-window")]
    [InlineData("qwen2-bias")]
    [InlineData("qwen3-qk-norm")]
    public void A_draft_that_is_the_target_is_always_right(string model)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        DecodingRequest[] requests = Decoding.Requests(1, Requests, i => Decoding.Options(i));
        using var strategy = new SpeculativeStrategy(
            "chain", Decoding.Runner(backend, model), Decoding.Draft(backend, model, 0, DType.F32), FixedShaper.Chain(5));
        StepStats stats = Decoding.Run(strategy, requests, 3);
        foreach (DecodingRequest request in requests)
        {
            // A stop cuts the last chain short; everything the target was asked for before that, it agreed with.
            RequestStatistics s = request.Statistics;
            Assert.True(s.DraftTokens - s.AcceptedDraftTokens <= 5, $"{s.AcceptedDraftTokens} of {s.DraftTokens}");
            Assert.True(request.FinishReason == FinishReason.Stop || s.DraftTokens == s.AcceptedDraftTokens, $"{s.AcceptedDraftTokens} of {s.DraftTokens}");
        }
        Assert.True(stats.Accepted > 0.8 * stats.Drafted);
    }

    [Fact]
    public void Acceptance_of_a_replay_is_the_rate_it_was_given()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        GenerationOptions options = new() { MaxNewTokens = 80, Temperature = 0.7f, Seed = 5, IgnoreEos = true };
        DecodingRequest[] plain = Decoding.Requests(2, 8, _ => options, longest: 4);
        int[][] outputs = Decoding.Plain(backend, "llama-linear-rope", 1, plain);
        DecodingRequest[] requests = Decoding.Requests(2, 8, _ => options, longest: 4);
        var recording = new Dictionary<DecodingRequest, int[]>();
        for (int i = 0; i < requests.Length; i++) recording[requests[i]] = outputs[i];
        using var strategy = new SpeculativeStrategy(
            "replay", Decoding.Runner(backend, "llama-linear-rope", 1), new ReplayDrafter(r => recording[r], 0.8, TinyModels.VocabSize, seed: 9), FixedShaper.Chain(1));
        StepStats stats = Decoding.Run(strategy, requests, 8);
        Decoding.Same(plain, requests);
        Assert.InRange((double)stats.Accepted / stats.Drafted, 0.72, 0.88);
    }

    [Fact]
    public void Reported_log_probabilities_are_plain_decodings()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        GenerationOptions options = new() { MaxNewTokens = 30, Temperature = 0.7f, Seed = 2, LogProbs = 2, IgnoreEos = true };
        List<GeneratedToken> plain = [], tree = [];
        using (var oracle = new AutoregressiveStrategy(Decoding.Runner(backend, "llama-yarn"))) Decoding.Run(oracle, [new([1, 2], options, Decoding.Text, plain.Add)], 1);
        using var strategy = new SpeculativeStrategy(
            "tree", Decoding.Runner(backend, "llama-yarn"), Decoding.Draft(backend, "llama-yarn", 0), new FixedShaper(4, 3, 9));
        Decoding.Run(strategy, [new([1, 2], options, Decoding.Text, tree.Add)], 1);
        Assert.Equal(30, plain.Count);
        for (int i = 0; i < plain.Count; i++)
        {
            Assert.Equal((plain[i].Token, plain[i].Text, plain[i].FinishReason), (tree[i].Token, tree[i].Text, tree[i].FinishReason));
            Assert.Equal(plain[i].Choice.LogProbability, tree[i].Choice.LogProbability);
            Assert.Equal(plain[i].Choice.Top!, tree[i].Choice.Top!);
        }
    }

    private static void Check(string model, int seed, int together, Func<IBackend, SpeculativeStrategy> make)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        DecodingRequest[] plain = Decoding.Requests(seed, Requests, i => Decoding.Options(i)), requests = Decoding.Requests(seed, Requests, i => Decoding.Options(i));
        Decoding.Plain(backend, model, seed, plain);
        using SpeculativeStrategy strategy = make(backend);
        StepStats stats = Decoding.Run(strategy, requests, together);
        Decoding.Same(plain, requests);
        Assert.Equal("", strategy.Report.ToString());
        Assert.Equal(requests.Sum(r => r.Output.Length), stats.Emitted);
        Assert.True(stats.Drafted > 0, "Nothing was drafted.");
    }
}
