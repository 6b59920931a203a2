using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Model.Text;
using Switchyard.Strategies;
using Switchyard.Strategies.SpecRouter;
using Switchyard.Tests.Speculation;
using Xunit;

namespace Switchyard.Tests.SpecRouter;

/// <summary>The router on trained models of one family.</summary>
public sealed class RouterTalesTests
{
    private static readonly string[] Names = ["tales-0.4m", "tales-1m", "tales-10m"];
    private static readonly string[] Prompts = ["A Lion and a Fox once", "There was once a poor man who", "The King said to his daughter, \""];

    [Theory]
    [InlineData(0f)]
    [InlineData(0.7f)]
    public void Trained_ladder_keeps_many_drafts_changes_no_token_and_learns_who_is_alike(float temperature)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        ITokenizer tokenizer = Tokenizers.Open(PathOf(Names[2]));
        int tokens = tokenizer.VocabularySize;
        DecodingRequest[] plain = Requests(tokenizer, temperature), requests = Requests(tokenizer, temperature);
        using (var oracle = new AutoregressiveStrategy(Runner(backend, Names[2]))) Decoding.Run(oracle, plain, 3);

        ModelLevel[] levels = [.. Names.Select((name, i) => new ModelLevel(name, Runner(backend, name), tokens, isTarget: i == 2))];
        var tracker = new SimilarityTracker(3);
        var chain = new Told(ChainPlan.Parse("0>1/2>2/4"), tracker);
        using var router = new SpecRouterStrategy(levels, chain, new SpecRouterOptions { TokenCount = tokens, CompareEvery = 1 });
        StepStats stats = RouterRuns.Run(router, requests, 3);
        Decoding.Same(plain, requests);
        Assert.True(stats.Accepted > 0.25 * stats.Drafted, $"{stats.Accepted} of {stats.Drafted}");
        Assert.True(stats.TargetForwards < requests.Max(request => request.Output.Length));

        Assert.InRange(tracker.Similarity(0, 1), 0.2, 0.999);
        Assert.InRange(tracker.Similarity(1, 2), 0.2, 0.999);
        double distance = 1 - tracker.Similarity(1, 2), observed = tracker.Observed(1, 2);
        if (temperature > 0) Assert.InRange(observed, (1 - distance) / (1 + distance) - 0.2, 1 - distance + 0.2); // both bounds, with the noise of some thirty blocks
        else Assert.InRange(observed, 1 - distance - 0.25, 1 - distance + 0.25);
        Assert.Equal(requests.Sum(request => request.Output.Length), router.Levels.Sum(level => level.Committed));
    }

    /// <summary>A fixed chain that passes on what it is told.</summary>
    private sealed class Told(ChainPlan plan, SimilarityTracker tracker) : IChainPolicy
    {
        public ChainPlan Next(in ChainView view) => plan;

        public void ObserveBlock(int drafter, int verifier, int tried, int kept) => tracker.ObserveBlock(drafter, verifier, tried, kept);

        public void ObserveDistance(int one, int other, double distance, bool greedy) => tracker.ObserveDistance(one, other, distance, greedy);
    }

    private static DecodingRequest[] Requests(ITokenizer tokenizer, float temperature) =>
        [.. Prompts.Select(prompt => new DecodingRequest(tokenizer.Encode(prompt), new GenerationOptions { MaxNewTokens = 36, Temperature = temperature, Seed = 7 }))];

    private static string PathOf(string model) => Path.Combine(TestPaths.Models, model);

    private static ModelRunner Runner(CpuBackend backend, string model) =>
        new(ModelLoader.Load(PathOf(model), backend, new LoadOptions { ContextLength = 128 }), 96, 1024, ownsModel: true);
}
