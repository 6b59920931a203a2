using System.Text.Json;
using System.Text.Json.Nodes;
using Switchyard.Tests.Files;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Cli;

[Collection(OneAtATime.Name)]
public class CheckDraftTests
{
    private static readonly string Small = Path.Combine(TestPaths.Models, "tales-0.4m"), Middle = Path.Combine(TestPaths.Models, "tales-1m");

    [Fact]
    public async Task A_model_drafts_for_itself_perfectly_and_the_exit_code_follows_the_prediction()
    {
        CliRun run = await CliRun.Of("check-draft", Small, Small, "--json");
        JsonElement json = JsonSerializer.Deserialize<JsonElement>(run.Data);
        Assert.Equal(1, json.GetProperty("acceptance").GetDouble());
        Assert.True(json.GetProperty("guessesChecked").GetInt32() > 50);
        Assert.True(json.GetProperty("targetMs").GetDouble() > 0);
        Assert.Equal(0, json.GetProperty("differingIds").GetInt32());
        bool worthIt = json.GetProperty("worthIt").GetBoolean();
        Assert.Equal(json.GetProperty("predictedSpeedUp").GetDouble() >= DraftCheck.LeastSpeedUp, worthIt);
        Assert.Equal(worthIt ? 0 : 1, run.Code);
    }

    [Fact]
    public async Task A_text_of_ones_own_decides_what_is_tried()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "text.txt");
        await File.WriteAllTextAsync(file, string.Concat(Enumerable.Repeat("The fox said to the lion that he would come. ", 12)));
        CliRun run = await CliRun.Of("check-draft", Middle, Small, "--text", file);
        Assert.InRange(run.Code, 0, 1);
        Assert.Contains("vocabulary\tfits", run.Data, StringComparison.Ordinal);
        Assert.Contains("acceptance", run.Data, StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, " ");
        Assert.Equal(2, (await CliRun.Of("check-draft", Middle, Small, "--text", file)).Code);
    }

    [Fact]
    public async Task Other_ids_are_refused_before_weights_are_looked_for()
    {
        using var folder = new TemporaryFolder();
        SwapTwoTokens(folder.Path);
        CliRun run = await CliRun.Of("check-draft", Middle, folder.Path); // the folder has no weights
        Assert.Equal(3, run.Code);
        Assert.Contains("cannot serve target", run.Notes, StringComparison.Ordinal);
        Assert.Contains("2 of 4096 common ids", run.Notes, StringComparison.Ordinal);
        Assert.Equal("", run.Data);
        CliRun json = await CliRun.Of("check-draft", Middle, folder.Path, "--json");
        Assert.Equal(3, json.Code);
        Assert.False(JsonSerializer.Deserialize<JsonElement>(json.Data).GetProperty("fits").GetBoolean());
    }

    [Fact]
    public async Task A_strategy_with_such_a_draft_is_refused_with_the_same_words()
    {
        using var folder = new TemporaryFolder();
        foreach (string file in Directory.GetFiles(Small)) File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        SwapTwoTokens(folder.Path);
        CliRun run = await CliRun.Of("run", Middle, "The old house", "--strategy", $"chain:draft=\"{folder.Path}\"");
        Assert.Equal(3, run.Code);
        Assert.Contains("2 of 4096 common ids", run.Notes, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lookup")]
    [InlineData("chain:draft=tales-0.4m")]
    [InlineData("cast:draft=tales-0.4m")]
    public async Task A_run_says_what_speculation_decided_and_brought(string strategy)
    {
        JsonElement json = (await CliRun.Of("run", Middle, "The old house stood", "--strategy", strategy, "--max-tokens", "120", "--seed", "3", "--json")).Json();
        Assert.Contains("drafts", json.GetProperty("decision").GetString(), StringComparison.Ordinal);
        if (strategy.StartsWith("chain", StringComparison.Ordinal)) Assert.True(json.GetProperty("measuredSpeedup").GetDouble() > 0);
        JsonElement plain = (await CliRun.Of("run", Middle, "The old house stood", "--strategy", "plain", "--max-tokens", "4", "--json")).Json();
        Assert.Equal(1, plain.GetProperty("measuredSpeedup").GetDouble());
        Assert.Equal(JsonValueKind.Null, plain.GetProperty("decision").ValueKind);
    }

    private static void SwapTwoTokens(string folder)
    {
        JsonNode file = JsonNode.Parse(File.ReadAllText(Path.Combine(Small, "tokenizer.json")))!;
        JsonObject vocabulary = file["model"]!["vocab"]!.AsObject();
        string first = vocabulary.First(token => token.Value!.GetValue<int>() == 3000).Key, second = vocabulary.First(token => token.Value!.GetValue<int>() == 3001).Key;
        (vocabulary[first], vocabulary[second]) = (3001, 3000);
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), file.ToJsonString());
    }
}
