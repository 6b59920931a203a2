using System.Text.Json.Nodes;
using Switchyard.Model.Files;
using Switchyard.Tests.Files;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Cli;

/// <summary>One clear message on standard error, nothing on standard output, and the documented exit code.</summary>
[Collection(OneAtATime.Name)]
public class ErrorTests
{
    private static readonly string Small = Path.Combine(TestPaths.Models, "tales-0.4m");

    [Theory]
    [InlineData("missing", "run")]
    [InlineData("no option '--no-such-option'", "run", "x", "--no-such-option")]
    [InlineData("--max-tokens", "run", "x", "--max-tokens", "many")]
    [InlineData("--temperature takes a number", "run", "x", "--temperature", "0,5")]
    [InlineData("--seed takes a whole number", "run", "x", "--seed", "-1")]
    [InlineData("--threads takes 1 … 512", "run", "x", "--threads", "100000")]
    [InlineData("MaxNewTokens", "run", "x", "--max-tokens", "0")]
    [InlineData("Temperature", "run", "x", "--temperature", "-1")]
    [InlineData("TopP", "run", "x", "--top-p", "2")]
    [InlineData("Supported: plain", "run", "x", "--strategy", "magic")]
    [InlineData("it takes none", "run", "x", "--strategy", "plain:length=4")]
    [InlineData("name:key=value", "run", "x", "--strategy", "plain:")]
    [InlineData("q4_0", "run", "x", "--quantize", "q3")]
    [InlineData("--batch", "run", "x", "--batch", "0")]
    [InlineData("--file", "tokenize", "x")]
    [InlineData("--help", "no-such-verb")]
    public async Task Usage_errors_exit_with_2(string expected, params string[] args) => Check(await CliRun.Of(args), 2, expected);

    [Fact]
    public async Task A_model_without_a_prompt_is_recognised() => Check(await CliRun.Of("run", Small), 2, "a prompt is missing");

    [Theory]
    [InlineData("There is no model 'no/such/model'", "run", "no/such/model", "x")]
    [InlineData("There is no file 'no-such-file'", "score", "models/tales-0.4m", "--file", "no-such-file")]
    [InlineData("There is no model 'nowhere'", "tokenize", "nowhere", "--file", "-")]
    public async Task What_is_not_there_exits_with_3(string expected, params string[] args) => Check(await CliRun.Of(args), 3, expected);

    [Fact]
    public async Task A_damaged_model_exits_with_3_and_the_exceptions_own_words()
    {
        using var folder = new TemporaryFolder();
        foreach (string file in Directory.GetFiles(Small)) File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        string config = Path.Combine(folder.Path, "config.json");
        await File.WriteAllTextAsync(config, (await File.ReadAllTextAsync(config)).Replace("LlamaForCausalLM", "MambaForCausalLM", StringComparison.Ordinal));
        var thrown = await Assert.ThrowsAnyAsync<IOException>(() => LocalModel.OpenAsync(folder.Path));
        CliRun run = await CliRun.Of("run", folder.Path, "x");
        Check(run, 3, thrown.Message);
        Assert.DoesNotContain("   at ", run.Notes, StringComparison.Ordinal);
        Assert.Contains("   at ", (await CliRun.Of("run", folder.Path, "x", "--verbose")).Notes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tokenizer_larger_than_the_embedding_is_refused()
    {
        using var folder = new TemporaryFolder();
        foreach (string file in Directory.GetFiles(Small)) File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        string path = Path.Combine(folder.Path, "tokenizer.json");
        JsonNode tokenizer = JsonNode.Parse(await File.ReadAllTextAsync(path))!;
        tokenizer["added_tokens"]!.AsArray().Add(JsonNode.Parse("""{"id": 4096, "content": "<more>", "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false}"""));
        await File.WriteAllTextAsync(path, tokenizer.ToJsonString());
        ModelFormatException thrown = await Assert.ThrowsAsync<ModelFormatException>(() => LocalModel.OpenAsync(folder.Path));
        Assert.Equal((path, "4097 tokens", true), (thrown.File, thrown.Found, thrown.Supported!.Contains("4096", StringComparison.Ordinal)));
        Check(await CliRun.Of("run", folder.Path, "x"), 3, thrown.Message);
    }

    [Fact]
    public async Task A_prompt_longer_than_the_context_exits_with_3() =>
        Check(await CliRun.Of("run", Small, string.Concat(Enumerable.Repeat("word ", 600)), "--json"), 3, "Shorten the prompt");

    [Theory]
    [InlineData("run")]
    [InlineData("tokenize")]
    [InlineData("score")]
    public async Task Help_names_the_command_and_exits_with_0(string verb)
    {
        CliRun run = await CliRun.Of(verb, "--help");
        Assert.Equal(0, run.Code);
        Assert.Contains($"switchyard {verb}", run.Data, StringComparison.Ordinal);
    }

    private static void Check(CliRun run, int code, string expected)
    {
        Assert.Contains(expected, run.Notes, StringComparison.Ordinal);
        Assert.Equal(code, run.Code);
        Assert.Equal("", run.Data);
    }
}
