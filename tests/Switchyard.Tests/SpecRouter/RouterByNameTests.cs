using System.Text.Json;
using Switchyard.Strategies;
using Switchyard.Strategies.Speculation;
using Switchyard.Tests.Cli;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.SpecRouter;

/// <summary>The router as users name it.</summary>
[Collection(OneAtATime.Name)]
public sealed class RouterByNameTests
{
    private static readonly string Small = Path.Combine(TestPaths.Models, "tales-0.4m"), Middle = Path.Combine(TestPaths.Models, "tales-1m");

    [Fact]
    public async Task Ladders_by_name_give_plain_decodings_tokens_to_requests_together()
    {
        string[] spellings =
        [
            $"specrouter:models=\"{Small}\"", $"specrouter:models=lookup+\"{Small}\"+skip,window=4,interval=2,explore=0.5",
            "specrouter:models=self@1+target@q4_0,interval=1,explore=1,window=3", "specrouter:models=lookup+self+target@q8_0+target@q4_0", $"specrouter:models=\"{Small}\"+target@q4_0,tree=cast,interval=3,explore=0.3",
        ];
        var options = new LocalModelOptions { Strategy = StrategySpec.Plain, Threads = 1, CacheTokens = 1024, MaxBatch = 4, ContextLength = 256, MoreStrategies = [.. spellings.Select(StrategySpec.Parse)] };
        await using LocalModel model = await LocalModel.OpenAsync(Middle, options);
        foreach (float temperature in (float[])[0, 0.8f])
        {
            var choices = new GenerationOptions { MaxNewTokens = 40, Seed = 3, Temperature = temperature, IgnoreEos = true };
            DecodeReport plain = await model.GenerateAsync("The king rode", choices);
            Assert.Null(plain.LevelShare);
            Assert.Null(plain.LayerSkipCounts);
            Assert.Null(plain.Levels);
            foreach (StrategySpec spec in options.MoreStrategies)
            {
                DecodeReport[] reports = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => model.GenerateAsync("The king rode", choices, spec)));
                Assert.All(reports, report => Assert.Equal(plain.Tokens, report.Tokens));
                Assert.All(reports, report => Assert.Equal(spec.List("models").Count, report.Levels!.Count));
                Assert.Equal(reports[0].DraftTokens, reports[0].Levels!.Sum(level => level.Offered));
                Assert.Equal(reports[0].AcceptedDraftTokens, reports[0].Levels!.Sum(level => level.Kept));
                Assert.Equal(reports[0].Levels!.Select(level => level.Kept / 40.0), reports[0].LevelShare!.SkipLast(1), (a, b) => Math.Abs(a - b) < 0.1);
                Assert.Equal(1, reports[0].LevelShare!.Sum(), 9);
                Assert.InRange(reports[0].LevelShare![^1], 0, 1);
                Assert.Contains("chain ", reports[0].Decision, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Report_has_the_acceptance_of_every_level_and_says_why()
    {
        CliRun run = await CliRun.Of("run", Middle, "The king rode", "--strategy", $"specrouter:models=target@q4_0+\"{Small}\"", "--max-tokens", "60", "--temperature", "0", "--json");
        JsonElement json = run.Json();
        JsonElement[] levels = [.. json.GetProperty("levels").EnumerateArray()];
        Assert.Equal(["tales-0.4m", "target@q4_0"], levels.Select(level => level.GetProperty("name").GetString())); // the smallest first, however they were given
        Assert.Equal(json.GetProperty("draftTokens").GetInt32(), levels.Sum(level => level.GetProperty("offered").GetInt32()));
        Assert.True(levels.Sum(level => level.GetProperty("kept").GetInt32()) > 0);
        Assert.All(levels, level => Assert.InRange(level.GetProperty("acceptance").GetDouble(), 0, 1));
        Assert.Matches("chain .*target.*predicted .* ms a token against .* ms plain", json.GetProperty("decision").GetString());
        Assert.Equal("Lossless", json.GetProperty("guarantee").GetString());
        Assert.True(json.GetProperty("measuredSpeedup").GetDouble() > 0);
    }

    [Theory]
    [InlineData("specrouter", "models")]
    [InlineData("specrouter:models=lookup,depth=3", "depth")]
    [InlineData("specrouter:models=lookup+lookup", "twice")]
    [InlineData("specrouter:models=lookup+", "empty")]
    [InlineData("specrouter:models=target@q2_k", "q4_0")]
    [InlineData("specrouter:models=self@9", "self@1")]
    [InlineData("specrouter:models=skip", "layers")]
    [InlineData("specrouter:models=lookup,window=0", "window")]
    [InlineData("specrouter:models=lookup,tree=eagle", "tree=cast")]
    public async Task What_does_not_fit_is_refused_with_its_name(string spec, string name)
    {
        StrategySpecException e = await Assert.ThrowsAsync<StrategySpecException>(() => LocalModel.OpenAsync(Small, new LocalModelOptions { Threads = 1, CacheTokens = 256, Strategy = StrategySpec.Parse(spec) }));
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Target_that_is_quantised_already_has_no_coarser_form_from_its_files()
    {
        using var folder = new Files.TemporaryFolder();
        string file = Path.Combine(folder.Path, "coarse.gguf");
        Assert.Equal(0, (await CliRun.Of("convert", Small, file, "--quantize", "q8_0")).Code);
        StrategySpecException e = await Assert.ThrowsAsync<StrategySpecException>(() => LocalModel.OpenAsync(file, new LocalModelOptions { Threads = 1, CacheTokens = 256, Strategy = StrategySpec.Parse("specrouter:models=target@q4_0") }));
        Assert.Contains("already", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Level_with_another_vocabulary_is_refused_as_other_drafts_are()
    {
        using var folder = new Files.TemporaryFolder();
        string text = Directory.EnumerateFiles(Small).First(file => file.EndsWith("tokenizer.json", StringComparison.Ordinal));
        foreach (string file in Directory.EnumerateFiles(Small)) File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        string tokenizer = Path.Combine(folder.Path, Path.GetFileName(text)), json = await File.ReadAllTextAsync(tokenizer);
        await File.WriteAllTextAsync(tokenizer, SwapTwoIds(json));
        await Assert.ThrowsAsync<VocabularyException>(() => LocalModel.OpenAsync(Middle, new LocalModelOptions { Threads = 1, CacheTokens = 256, Strategy = StrategySpec.Parse($"specrouter:models=lookup+\"{folder.Path}\"") }));
    }

    [Theory]
    [InlineData("lookup+self@1+target@q4_0,tree=cast", "ed1567c953c5cd26-ebeb8617f1b90b99-20")]
    [InlineData("lookup+B", "9af9afd66423ba1c-4001a76b69795f6d-12")]
    public async Task Verify_runs_it_on_tiny_models_and_on_ones_own(string models, string replay) // one case of each: no clock
    {
        string spec = $"specrouter:models={models.Replace("B", $"\"{Middle}\"", StringComparison.Ordinal)},interval=2,explore=0.5";
        JsonElement json = (await CliRun.Of("verify", Small, "--strategy", spec, "--replay", $"tokens/same:{replay}", "--json")).Json();
        Assert.Equal("Lossless", json.GetProperty("claim").GetString());
        JsonElement[] laws = [.. json.GetProperty("laws").EnumerateArray()];
        Assert.Equal(["tiny", "yours"], laws.Select(law => law.GetProperty("where").GetString()));
        Assert.All(laws, law => Assert.Equal(("held", 1), (law.GetProperty("outcome").GetString(), law.GetProperty("cases").GetInt32())));
    }

    private static string SwapTwoIds(string json)
    {
        var root = System.Text.Json.Nodes.JsonNode.Parse(json)!;
        var vocabulary = root["model"]!["vocab"]!.AsObject();
        string[] names = [.. vocabulary.Skip(100).Take(2).Select(pair => pair.Key)];
        (int one, int other) = ((int)vocabulary[names[0]]!, (int)vocabulary[names[1]]!);
        (vocabulary[names[0]], vocabulary[names[1]]) = (other, one);
        return root.ToJsonString();
    }
}
