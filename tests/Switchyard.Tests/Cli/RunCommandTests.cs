using System.Text.Json;
using Switchyard.Tests.Files;
using Switchyard.Tests.Golden;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Cli;

[Collection(OneAtATime.Name)]
public class RunCommandTests
{
    private static readonly string Small = Path.Combine(TestPaths.Models, "tales-0.4m");

    [Fact]
    public async Task Statistics_of_drafts_add_up()
    {
        CliRun run = await CliRun.Of("run", Path.Combine(TestPaths.Models, "tales-0.4m"), "The King said to the King said to the", "--strategy", "lookup:length=4", "--max-tokens", "60", "--temperature", "0", "--json");
        System.Text.Json.JsonElement json = run.Json();
        int steps = json.GetProperty("speculativeSteps").GetInt32(), drafted = json.GetProperty("draftTokens").GetInt32(), accepted = json.GetProperty("acceptedDraftTokens").GetInt32();
        Assert.True(steps > 0 && accepted > 0, "nothing was drafted");
        int[] histogram = Numbers("acceptanceHistogram");
        Assert.Equal(steps, histogram.Sum());
        Assert.Equal(accepted, histogram.Select((count, length) => count * length).Sum());
        Assert.Equal(drafted, Numbers("perStepDrafted").Sum());
        Assert.Equal(accepted, Numbers("perStepAccepted").Sum());
        Assert.Equal(steps, json.GetProperty("acceptanceHistogramByDraftLength").EnumerateObject().Sum(length => length.Value.EnumerateArray().Sum(count => count.GetInt32())));
        Assert.Equal(accepted, json.GetProperty("acceptanceByPosition").EnumerateArray().Sum(share => share.GetDouble()) * steps, 6);
        Assert.Equal(1000, json.GetProperty("msPerCommittedToken").GetDouble() * json.GetProperty("tokensPerSecond").GetDouble(), 6);

        int[] Numbers(string name) => [.. json.GetProperty(name).EnumerateArray().Select(count => count.GetInt32())];
    }

    [Fact]
    public async Task Json_has_every_promised_field_and_nothing_else_is_on_standard_output()
    {
        CliRun run = await CliRun.Of("run", "The old house stood", "--max-tokens", "48", "--temperature", "0", "--strategy", "plain", "--json");
        JsonElement json = run.Json();
        GoldenCase reference = GoldenReference.OfFolder(Path.Combine(TestPaths.Models, "tales-10m")).Cases[0];
        Assert.Equal(reference.GreedyIds, Ids(json));
        Assert.StartsWith(" in the room, and the door", json.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal(reference.PromptIds.Length, json.GetProperty("promptTokens").GetInt32());
        Assert.Equal("length", json.GetProperty("finishReason").GetString());
        Assert.Equal("plain", json.GetProperty("strategy").GetString());
        Assert.Equal("Lossless", json.GetProperty("guarantee").GetString());
        Assert.Equal(48, json.GetProperty("targetForwards").GetInt32());
        Assert.Equal(12 * (reference.PromptIds.Length + 47), json.GetProperty("layerRows").GetInt64());
        Assert.True(json.GetProperty("timeToFirstTokenMs").GetDouble() > 0);
        Assert.True(json.GetProperty("tokensPerSecond").GetDouble() > 0);
        Assert.Equal(JsonValueKind.Number, json.GetProperty("seed").ValueKind);
        Assert.Equal("", run.Notes);
    }

    [Fact]
    public async Task Text_goes_to_standard_output_and_the_summary_to_standard_error()
    {
        CliRun run = await CliRun.Of("run", Small, "The old house stood", "--max-tokens", "8", "--seed", "5", "--temperature", "0");
        Assert.Equal(0, run.Code);
        Assert.Equal(" in the door, and the door was", run.Data.TrimEnd('\n'));
        Assert.Contains("8 tokens", run.Notes, StringComparison.Ordinal);
        Assert.Contains("seed 5", run.Notes, StringComparison.Ordinal);
        Assert.Contains("auto (Lossless)", run.Notes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_seed_fixes_the_tokens_whatever_the_threads_and_without_one_it_is_reported()
    {
        string[] common = ["run", Small, "Once upon a time", "--max-tokens", "24", "--temperature", "1.2", "--json"];
        JsonElement drawn = (await CliRun.Of([.. common, "--threads", "1"])).Json();
        string seed = drawn.GetProperty("seed").GetUInt64().ToString(System.Globalization.CultureInfo.InvariantCulture);
        JsonElement again = (await CliRun.Of([.. common, "--threads", "2", "--seed", seed])).Json();
        JsonElement other = (await CliRun.Of([.. common, "--threads", "2", "--seed", "1"])).Json();
        Assert.Equal(Ids(drawn), Ids(again));
        Assert.NotEqual(Ids(drawn), Ids(other));
    }

    [Fact]
    public async Task The_embedded_models_own_suggestions_hold_until_a_choice_is_made()
    {
        int[] suggested = Ids((await CliRun.Of("run", "The old house stood", "--max-tokens", "16", "--seed", "3", "--json")).Json());
        int[] same = Ids((await CliRun.Of("run", "The old house stood", "--max-tokens", "16", "--seed", "3", "--json", "--temperature", "0.8", "--top-p", "0.9")).Json());
        int[] greedy = Ids((await CliRun.Of("run", "The old house stood", "--max-tokens", "16", "--seed", "3", "--json", "--temperature", "0")).Json());
        Assert.Equal(same, suggested);
        Assert.NotEqual(greedy, suggested);
    }

    [Fact]
    public async Task A_stop_text_ends_the_output_before_itself()
    {
        JsonElement json = (await CliRun.Of("run", Small, "The old house stood", "--temperature", "0", "--stop", "never", "--stop", ", and", "--json")).Json();
        Assert.Equal(" in the door", json.GetProperty("text").GetString());
        Assert.Equal("stop", json.GetProperty("finishReason").GetString());
    }

    [Fact]
    public async Task Prompts_of_a_file_run_together_and_give_what_each_gives_alone()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "prompts.jsonl");
        await File.WriteAllTextAsync(file, "The old house stood\n\n{\"prompt\": \"Once upon a time\"}\n{\"turns\": [\"The captain\", \"and then\"]}\n");
        string[] options = ["--max-tokens", "12", "--temperature", "1", "--seed", "9", "--json"];
        JsonElement json = (await CliRun.Of(["run", Small, "--prompts", file, "--batch", "2", .. options])).Json();
        string[] prompts = ["The old house stood", "Once upon a time", "The captain"];
        JsonElement results = json.GetProperty("results");
        Assert.Equal(prompts, results.EnumerateArray().Select(r => r.GetProperty("prompt").GetString()));
        for (int i = 0; i < prompts.Length; i++)
        {
            JsonElement alone = (await CliRun.Of(["run", Small, prompts[i], .. options])).Json();
            Assert.Equal(Ids(alone), Ids(results[i].GetProperty("report")));
        }
        Assert.Equal(36, json.GetProperty("tokens").GetInt32());
        Assert.True(json.GetProperty("tokensPerSecond").GetDouble() > 0);
    }

    [Fact]
    public async Task A_prompt_may_be_piped_in()
    {
        JsonElement piped = (await CliRun.Of("The old house stood\n", CancellationToken.None, "run", Small, "-", "--max-tokens", "4", "--temperature", "0", "--json")).Json();
        JsonElement given = (await CliRun.Of("run", Small, "The old house stood", "--max-tokens", "4", "--temperature", "0", "--json")).Json();
        Assert.Equal(Ids(given), Ids(piped));
    }

    [Fact]
    public async Task Cancelling_stops_with_130()
    {
        using var cancel = new CancellationTokenSource();
        cancel.CancelAfter(TimeSpan.FromMilliseconds(1));
        CliRun run = await CliRun.Of("", cancel.Token, "run", Small, "Once upon a time", "--max-tokens", "400", "--ignore-eos");
        Assert.Equal(130, run.Code);
        Assert.Contains("Stopped.", run.Notes, StringComparison.Ordinal);
    }

    private static int[] Ids(JsonElement json) => [.. json.GetProperty("tokens").EnumerateArray().Select(id => id.GetInt32())];
}
