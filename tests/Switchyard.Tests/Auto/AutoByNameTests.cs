using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Properties;
using Switchyard.Strategies;
using Switchyard.Tensor;
using Switchyard.Tests.Cli;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Auto;

/// <summary><c>auto</c> as users meet it: by default, with the drafts that lie beside an embedded model, or with named ones.</summary>
[Collection(OneAtATime.Name)]
public sealed class AutoByNameTests
{
    private static readonly GenerationOptions Choices = new() { Temperature = 0.8f, MaxNewTokens = 40, Seed = 11, IgnoreEos = true };

    private static string PathOf(string model) => Path.Combine(TestPaths.Models, model);

    [Fact]
    public async Task It_is_the_default_and_gives_plain_decodings_tokens()
    {
        var options = new LocalModelOptions { MoreStrategies = [StrategySpec.Plain], MaxBatch = 3 };
        await using LocalModel model = await LocalModel.OpenAsync(PathOf("tales-1m"), options);
        Assert.Equal(StrategySpec.Auto, model.Strategies[0]);
        DecodeReport[] reports = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => model.GenerateAsync($"The king rode {i}", Choices with { Seed = (ulong)i })));
        for (int i = 0; i < reports.Length; i++)
        {
            DecodeReport plain = await model.GenerateAsync($"The king rode {i}", Choices with { Seed = (ulong)i }, StrategySpec.Plain);
            Assert.Equal(plain.Tokens, reports[i].Tokens);
            Assert.Equal("auto", reports[i].Strategy);
            Assert.Equal(DecodingGuarantee.Lossless, reports[i].Guarantee);
            Assert.StartsWith("auto: ", reports[i].Decision, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', reports[i].Decision!);
        }
    }

    [Fact]
    public async Task Embedded_models_draft_for_larger_ones_and_others_do_not()
    {
        Assert.Contains("chain:draft=tales-0.4m", await ArmsOf("tales-1m", "auto"), StringComparison.Ordinal);
        Assert.Contains("specrouter:models=tales-0.4m+tales-1m", await ArmsOf("tales-10m", "auto"), StringComparison.Ordinal);
        Assert.DoesNotContain("draft", await ArmsOf("tales-0.4m", "auto"), StringComparison.Ordinal);
        Assert.DoesNotContain("tales-1m", await ArmsOf("tales-10m", "auto:drafts=tales-0.4m"), StringComparison.Ordinal);
    }

    /// <summary>The strategies that an instance chooses from.</summary>
    private static async Task<string> ArmsOf(string model, string spelling)
    {
        Strategies.Auto.AutoStrategy? made = null;
        StrategyKind auto = StrategyCatalog.Find(StrategySpec.Auto);
        StrategyKind watched = auto with { Create = (spec, context) => made = (Strategies.Auto.AutoStrategy)auto.Create(spec, context) };
        await using LocalModel opened = await LocalModel.OpenAsync(PathOf(model), new LocalModelOptions { Strategy = StrategySpec.Parse(spelling), StrategyKinds = [watched], MaxBatch = 1 });
        Assert.All(made!.Arms, arm => Assert.Equal(DecodingGuarantee.Lossless, arm.Guarantee));
        Assert.All(made.Uses, use => Assert.Null(use.Failure));
        return string.Join(' ', made.Uses.Select(use => use.Name));
    }

    [Fact]
    public void Model_of_one_layer_has_no_first_layers_to_draft_with_and_the_explanation_says_so()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        using TransformerModel model = TinyModels.Build(backend, TinyModels.All[0].Open(backend, 1).Config with { LayerCount = 1 }, DType.F32, 1);
        var context = new StrategyContext(
            new ModelRunner(model, 64, 256), LocalModel.OpenTokenizer(PathOf("tales-0.4m")), new LocalModelOptions { MaxBatch = 1 }, _ => throw new InvalidOperationException("There are no drafts."));
        using var auto = (Strategies.Auto.AutoStrategy)StrategyCatalog.Find(StrategySpec.Auto).Create(StrategySpec.Auto, context);
        Assert.Equal(["plain", "lookup"], auto.Uses.Select(use => use.Name));
        Assert.EndsWith("left out: self (the model has one layer)", auto.Explain(new RequestStatistics()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("auto:draft=tales-0.4m", 2, "it takes drafts")]
    [InlineData("auto:drafts=no/such/model", 3, "There is no model 'no/such/model'")]
    [InlineData("auto:drafts=", 2, "no value")]
    public async Task Drafts_that_cannot_serve_are_named(string spelling, int code, string expected)
    {
        CliRun run = await CliRun.Of("run", PathOf("tales-1m"), "x", "--strategy", spelling, "--max-tokens", "4");
        Assert.Equal(code, run.Code);
        Assert.Contains(expected, run.Notes, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData(" a+b", "\" a+b\"")]
    [InlineData("say \"x\"", "\"say \"\"x\"\"\"")]
    public void Values_are_quoted_where_they_need_it_and_read_back(string value, string spelt)
    {
        Assert.Equal(spelt, StrategySpec.Quote(value));
        Assert.Equal(value, StrategySpec.Parse($"auto:drafts={spelt}").Text("drafts"));
        Assert.Equal([value], StrategySpec.Parse($"auto:drafts={spelt}").List("drafts"));
    }
}
