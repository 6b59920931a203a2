using System.Text.Json;
using System.Text.RegularExpressions;
using Switchyard.Backends.Cpu;
using Switchyard.Properties;
using Switchyard.Properties.Faults;
using Switchyard.Strategies;
using Switchyard.Tests.Files;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Cli;

[Collection(OneAtATime.Name)]
public class VerifyCommandTests
{
    private static readonly string Small = Path.Combine(TestPaths.Models, "tales-0.4m");

    [Theory]
    [InlineData("plain")]
    [InlineData("lookup:length=3")]
    [InlineData("auto")]
    public async Task What_is_right_holds_on_tiny_models_and_on_ones_own(string strategy)
    {
        CliRun run = await CliRun.Of("verify", Small, "--strategy", strategy, "--laws", "tokens/same", "--budget", "6s", "--json");
        JsonElement json = run.Json();
        Assert.Equal("Lossless", json.GetProperty("claim").GetString());
        Assert.Equal(0, json.GetProperty("broken").GetInt32());
        Assert.Contains(json.GetProperty("laws").EnumerateArray(), law => law.GetProperty("where").GetString() == "tiny" && law.GetProperty("cases").GetInt32() > 0);
        Assert.Equal("", run.Notes);
    }

    [Fact]
    public async Task A_mistake_is_found_made_small_and_found_again_by_its_replay_line()
    {
        string[] args = ["verify", Small, "--strategy", "planted", "--laws", "tokens/same", "--budget", "20s"];
        CliRun run = await CliRun.With(Planted, args);
        Assert.Equal(1, run.Code);
        Assert.Contains("BROKEN", run.Data, StringComparison.Ordinal);
        Match repeat = Regex.Match(run.Notes, "--strategy \"planted\" --replay (?<id>tokens/same:\\S+)");
        Assert.True(repeat.Success, run.Notes);

        string[] replay = ["verify", Small, "--strategy", "planted", "--replay", repeat.Groups["id"].Value];
        CliRun again = await CliRun.With(Planted, replay);
        Assert.Equal(1, again.Code);
        Assert.Contains(repeat.Groups["id"].Value, again.Notes, StringComparison.Ordinal);
        Assert.Equal(0, (await CliRun.Of([.. replay.Select(arg => arg == "planted" ? "plain" : arg)])).Code); // the case is right, the strategy was not
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("lookup")]
    [InlineData("auto")]
    public async Task Every_planted_mistake_is_caught_whatever_the_strategy_claims(string strategy)
    {
        CliRun run = await CliRun.Of("verify", Small, "--strategy", strategy, "--self-test");
        Assert.True(run.Code == 0, run.Data + run.Notes);
        Assert.DoesNotContain("MISSED", run.Notes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Planted_mistakes_are_caught()
    {
        CliRun run = await CliRun.Of("verify", Small, "--self-test", "--laws", "tokens/same,steps/accounting,sampler/greedy");
        Assert.Equal(0, run.Code);
        Match caught = Regex.Match(run.Data, @"^(\d+) of (\d+) planted mistakes caught");
        Assert.True(caught.Success, run.Data);
        Assert.Equal(caught.Groups[1].Value, caught.Groups[2].Value);
        Assert.True(int.Parse(caught.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) > 8);
        Assert.DoesNotContain("MISSED", run.Notes, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("there is no", "--laws", "no/such-law")]
    [InlineData("--budget", "--budget", "soon")]
    [InlineData("--replay takes", "--replay", "nonsense")]
    [InlineData("supported", "--strategy", "magic")]
    public async Task What_cannot_be_asked_exits_with_2(string expected, params string[] args)
    {
        CliRun run = await CliRun.Of(["verify", Small, .. args]);
        Assert.Equal(2, run.Code);
        Assert.Contains(expected, run.Notes, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Without_time_nothing_is_said_and_the_exit_code_says_so()
    {
        CliRun run = await CliRun.Of("verify", Small, "--budget", "1ms");
        Assert.Equal(4, run.Code);
        Assert.DoesNotContain(" held  ", run.Data, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("page.html")]
    [InlineData("page.md")]
    public async Task A_page_says_what_was_tried_and_shows_the_counter_example(string name)
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, name);
        CliRun run = await CliRun.With(Planted, "verify", Small, "--strategy", "planted", "--laws", "tokens/same,steps/allocation", "--budget", "20s", "--report", file);
        Assert.Equal(1, run.Code);
        string page = System.Net.WebUtility.HtmlDecode(File.ReadAllText(file));
        Match repeat = Regex.Match(run.Notes, "repeat  (?<line>switchyard verify .*)");
        Assert.Contains(repeat.Groups["line"].Value.TrimEnd(), page, StringComparison.Ordinal);
        Assert.Contains("tokens/same is broken", page, StringComparison.Ordinal);
        Assert.Contains("not applicable", page, StringComparison.Ordinal); // the law that says nothing is named, not left out
        if (name.EndsWith(".html", StringComparison.Ordinal)) Assert.DoesNotMatch("(src|href)=", page); // needs nothing else
    }

    [Fact]
    public async Task Without_time_the_page_says_out_of_time()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "page.md");
        Assert.Equal(4, (await CliRun.Of("verify", Small, "--budget", "1ms", "--laws", "tokens/same", "--report", file)).Code);
        string page = File.ReadAllText(file);
        Assert.Contains("2 out of time", page, StringComparison.Ordinal);
        Assert.Contains("0 laws held", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_limit_on_ones_own_models_tokens_is_kept_and_reported()
    {
        CliRun run = await CliRun.Of("verify", Small, "--laws", "tokens/same", "--budget", "1s", "--own-tokens", "2", "--json");
        Assert.Equal(2, run.Json().GetProperty("ownTokens").GetInt32());
        Assert.Equal(0, run.Code);
        Assert.Equal(2, (await CliRun.Of("verify", Small, "--own-tokens", "0")).Code);
    }

    [Fact]
    public async Task A_model_that_is_not_there_exits_with_3() => Assert.Equal(3, (await CliRun.Of("verify", "no/such/model")).Code);

    private static StrategyKind Planted { get; } = new(
        "planted", "planted", "Takes guesses that are not the target's own now and then.", DecodingGuarantee.Lossless,
        (_, context) => PlantedStrategyBugs.DraftTaken.Plant(new LawSubject { Name = "right", Backend = threads => new CpuBackend(new CpuOptions { Threads = threads }) }).Strategy(context.NewTargetRunner(8)));
}
