using System.Text.Json;
using Switchyard.Tests.Files;
using Switchyard.Tests.PropertyRuns;
using Switchyard.Tuning;
using Xunit;

namespace Switchyard.Tests.Cli;

[Collection(OneAtATime.Name)]
public class TuneCommandTests
{
    private static readonly string Small = Path.Combine(TestPaths.Models, "tales-0.4m"), Middle = Path.Combine(TestPaths.Models, "tales-1m");

    [Fact]
    public async Task Tuning_writes_a_file_that_run_takes_for_this_model_alone()
    {
        using var folder = new TemporaryFolder();
        string file = folder["tuned.json"];
        CliRun run = await CliRun.Of("tune", Small, "--output", file, "--json");
        JsonElement json = run.Json();
        string strategy = json.GetProperty("strategy").GetString()!;
        JsonElement[] candidates = [.. json.GetProperty("candidates").EnumerateArray()];
        Assert.Contains(candidates, c => c.GetProperty("strategy").GetString() == "plain" && c.GetProperty("timesPlain").GetDouble() == 1);
        Assert.Contains(candidates, c => c.GetProperty("strategy").GetString() == "auto");
        Assert.All(candidates, c => Assert.True(c.GetProperty("rounds").GetInt32() >= 2 && c.GetProperty("lowest").GetDouble() <= c.GetProperty("timesPlain").GetDouble()));
        Assert.Equal(strategy, StrategyFile.Load(file).Strategy);
        Assert.Contains($"--strategy \"@{file}\"", run.Notes, StringComparison.Ordinal);
        Assert.Contains("round 1 of", run.Notes, StringComparison.Ordinal);

        JsonElement used = (await CliRun.Of("run", Small, "The old house stood", "--strategy", "@" + file, "--max-tokens", "8", "--temperature", "0", "--json")).Json();
        Assert.Equal(strategy, used.GetProperty("strategy").GetString());
        Assert.Equal(" in the door, and the door was", used.GetProperty("text").GetString());

        CliRun other = await CliRun.Of("run", Middle, "x", "--strategy", "@" + file);
        Assert.Equal(2, other.Code);
        Assert.Contains("2 layers", other.Notes, StringComparison.Ordinal);
        Assert.Contains("4 layers", other.Notes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drafts_and_a_text_of_ones_own_are_tried()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("text.txt", string.Concat(Enumerable.Repeat("The fox went to the well and looked into the water. ", 30)));
        CliRun run = await CliRun.Of("tune", Middle, "--drafts", Small, "--text", text, "--output", folder["tuned.json"]);
        Assert.Equal(0, run.Code);
        Assert.Contains("cast:draft=", run.Data, StringComparison.Ordinal);
        Assert.Contains("specrouter:models=", run.Data, StringComparison.Ordinal);
        Assert.Contains("--strategy ", run.Data, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense", "is not a strategy file")]
    [InlineData("{}", "names no \"strategy\"")]
    [InlineData("{\"strategy\": \"plain\", \"format\": 9}", "its format is 9")]
    [InlineData("{\"strategy\": \":x\", \"format\": 1}", "does not begin with a name")]
    [InlineData("{\"strategy\": \"plain\", \"format\": 1}", "was made for")]
    public async Task Files_that_cannot_be_used_say_why(string content, string expected)
    {
        using var folder = new TemporaryFolder();
        CliRun run = await CliRun.Of("run", Small, "x", "--strategy", "@" + folder.Write("file.json", content));
        Assert.Equal(2, run.Code);
        Assert.Contains(expected, run.Notes, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, "There is no strategy file", "run", "x", "--strategy", "@no/such/file")]
    [InlineData(3, "There is no model", "tune", "no/such/model")]
    [InlineData(3, "There is no folder", "tune", "--output", "no/such/folder/file.json")]
    [InlineData(3, "There is no model 'no/such/draft'", "tune", "--drafts", "no/such/draft")]
    [InlineData(2, "--drafts takes paths", "tune", "--drafts", "+")]
    public async Task What_is_not_there_is_named(int code, string expected, params string[] args)
    {
        CliRun run = await CliRun.Of(args);
        Assert.Contains(expected, run.Notes, StringComparison.Ordinal);
        Assert.Equal(code, run.Code);
    }
}
