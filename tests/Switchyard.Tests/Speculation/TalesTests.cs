using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Model.Text;
using Switchyard.Strategies;
using Switchyard.Strategies.Cast;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Speculation;
using Xunit;

namespace Switchyard.Tests.Speculation;

/// <summary>Speculation on trained models: the small one drafts for the large one.</summary>
public sealed class TalesTests
{
    private static readonly string[] Prompts = ["A Lion and a Fox once", "There was once a poor man who", "The King said to his daughter, \""];

    [Theory]
    [InlineData(0f, 0.25)]
    [InlineData(0.7f, 0.2)]
    public void A_trained_draft_is_often_right_and_changes_no_token(float temperature, double least)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        ITokenizer tokenizer = Tokenizers.Open(PathOf("tales-10m"));
        DecodingRequest[] plain = Requests(tokenizer, temperature), requests = Requests(tokenizer, temperature);
        using TransformerModel large = Load(backend, "tales-10m"), small = Load(backend, "tales-0.4m");
        using (var oracle = new AutoregressiveStrategy(Runner(large))) Decoding.Run(oracle, plain, 3);

        int tokens = tokenizer.VocabularySize;
        using var chain = new SpeculativeStrategy(
            "chain", Runner(large), new ModelDrafter(Runner(small), tokens), FixedShaper.Chain(3), new() { TokenCount = tokens });
        StepStats stats = Decoding.Run(chain, requests, 3);
        Decoding.Same(plain, requests);
        Assert.True(stats.Accepted >= least * stats.Drafted, $"{stats.Accepted} of {stats.Drafted}");

        DecodingRequest[] again = Requests(tokenizer, temperature);
        var costs = new TableCosts(TableCosts.Affine(0.01, 1), TableCosts.Affine(0.001, 0.02));
        using var cast = new SpeculativeStrategy(
            "cast", Runner(large), new ModelDrafter(Runner(small), tokens),
            new CastShaper(costs, new CastOptions { BreadthThreshold = 2, DepthThreshold = 2, VerifyThreshold = 2 }),
            new() { TokenCount = tokens, Reliability = new Reliability() });
        StepStats trees = Decoding.Run(cast, again, 3);
        Decoding.Same(plain, again);
        Assert.True(trees.TargetForwards < stats.TargetForwards, $"Trees took {trees.TargetForwards} passes, chains {stats.TargetForwards}.");
    }

    [Fact]
    public void Models_of_one_vocabulary_fit_and_others_are_refused_by_content()
    {
        ITokenizer large = Tokenizers.Open(PathOf("tales-10m")), small = Tokenizers.Open(PathOf("tales-0.4m"));
        VocabularyCheck check = VocabularyCheck.Compare(large, small);
        Assert.True(check.Fits);
        check.ThrowUnlessFits("tales-10m", "tales-0.4m");

        if (TestPaths.InShared("tokenizers", "gpt2") is not { } path) return;
        ITokenizer stranger = Tokenizers.Open(path);
        VocabularyCheck mixed = VocabularyCheck.Compare(large, stranger);
        Assert.False(mixed.Fits);
        Assert.InRange(mixed.Differing, 1000, large.VocabularySize);
        var refusal = Assert.Throws<VocabularyException>(() => mixed.ThrowUnlessFits("tales-10m", "gpt2"));
        Assert.Contains("'gpt2' cannot serve target 'tales-10m'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"id {mixed.FirstDifference} ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("lookup", refusal.Message, StringComparison.Ordinal);
    }

    private static DecodingRequest[] Requests(ITokenizer tokenizer, float temperature) =>
        [.. Prompts.Select(prompt => new DecodingRequest(tokenizer.Encode(prompt), new GenerationOptions { MaxNewTokens = 48, Temperature = temperature, Seed = 7 }))];

    private static string PathOf(string model) => Path.Combine(TestPaths.Models, model);

    private static TransformerModel Load(CpuBackend backend, string model) => ModelLoader.Load(PathOf(model), backend, new LoadOptions { ContextLength = 128 });

    private static ModelRunner Runner(TransformerModel model) => new(model, 160, 1024);
}
