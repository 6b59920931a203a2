using System.Text.Json;
using Switchyard.Cli.Showing;
using Switchyard.Strategies.Drex;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Cli;

/// <summary>What <c>run --show</c> draws of early exits, without colours.</summary>
[Collection(OneAtATime.Name)]
public sealed class ShowCommandTests
{
    private static readonly string Small = Path.Combine(TestPaths.Models, "tales-0.4m");

    [Fact]
    public async Task Layers_are_drawn_on_standard_error_and_agree_with_the_counts_in_json()
    {
        CliRun run = await CliRun.Of("run", Small, "The king rode", "--strategy", "drex:exits=1,confidence=0.05", "--max-tokens", "30", "--seed", "4", "--show", "layers", "--json");
        JsonElement json = run.Json();
        int[] layers = [.. json.GetProperty("layersByToken").EnumerateArray().Select(e => e.GetInt32())];
        JsonElement counts = json.GetProperty("exitsByLayer");
        int early = counts.GetProperty("1").GetInt32(), full = counts.GetProperty("2").GetInt32();
        Assert.Equal(30, layers.Length);
        Assert.Equal(2, layers[0]); // a prompt never leaves early
        Assert.Equal((early, full), (layers.Count(l => l == 1), layers.Count(l => l == 2)));
        Assert.Equal([0, early], json.GetProperty("layerSkipCounts").EnumerateArray().Select(e => e.GetInt32()));
        Assert.InRange(early, 1, 29);
        Assert.Equal("PolicyExact", json.GetProperty("guarantee").GetString());
        Assert.Contains(string.Concat(layers.Select(l => l == 1 ? '▄' : '█')), run.Notes, StringComparison.Ordinal);
        Assert.Contains($"layer 1: {early}", run.Notes, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', run.Notes);
    }

    [Fact]
    public async Task A_batch_has_a_lane_for_each_prompt_and_says_what_company_forced()
    {
        using var folder = new Files.TemporaryFolder();
        string prompts = Path.Combine(folder.Path, "prompts.txt");
        await File.WriteAllTextAsync(prompts, "The king rode\nOnce upon a time\nThe sea was\n");
        // Long enough that on a busy machine, too, the first request is still there when the second comes.
        string[] common = ["run", Small, "--prompts", prompts, "--batch", "2", "--max-tokens", "200", "--seed", "4", "--show", "batch", "--json"];
        CliRun run = await CliRun.Of([.. common, "--strategy", "drex:exits=1,confidence=0.05"]), eager = await CliRun.Of([.. common, "--strategy", "drex:exits=1,confidence=0.05,policy=eager"]);
        Assert.Equal(3, run.Json().GetProperty("results").GetArrayLength());
        Assert.Contains("     3 ", run.Notes, StringComparison.Ordinal);
        Assert.Contains("0 bytes copied", run.Notes, StringComparison.Ordinal);
        Assert.DoesNotContain("forced out,", run.Notes, StringComparison.Ordinal);
        Assert.Contains("rows forced out,", eager.Notes, StringComparison.Ordinal);
        Assert.Equal("BatchDependent", eager.Json().GetProperty("results")[0].GetProperty("report").GetProperty("guarantee").GetString());
        Assert.DoesNotContain('\e', run.Notes);
    }

    [Fact]
    public void Lanes_show_waiting_merging_and_leaving()
    {
        string[] lines = [.. ShownBatch.Lines(
        [
            new(1, DrexEventKind.Prompted, 0, 3, 6), new(1, DrexEventKind.Prompted, 1, 2, 6),
            new(2, DrexEventKind.Parked, 0, 4, 2), new(2, DrexEventKind.Exited, 1, 3, 2, Value: 0.9f),
            new(3, DrexEventKind.Exited, 1, 4, 2, Value: 0.9f),
            new(4, DrexEventKind.Ran, Depth: 2, Rows: 2, Detail: 1), new(4, DrexEventKind.Resumed, 0, 4, 2, Rows: 2), new(4, DrexEventKind.Exited, 1, 5, 4), new(4, DrexEventKind.Completed, 0, 4, 6),
        ], [2, 4])];
        Assert.Equal(["  step 1", "     1  P..#", "     2  Paab", "merged     1"], lines[1..]);
    }

    [Theory]
    [InlineData("layers")]
    [InlineData("batch")]
    public async Task What_a_strategy_does_not_have_is_not_shown(string what)
    {
        CliRun run = await CliRun.Of("run", Small, "The king rode", "--show", what);
        Assert.Equal(2, run.Code);
        Assert.Contains("--strategy drex", run.Notes, StringComparison.Ordinal);
    }
}
