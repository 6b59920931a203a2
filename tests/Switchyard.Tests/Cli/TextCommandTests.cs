using System.Text.Json;
using Switchyard.Tests.Files;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Cli;

/// <summary>tokenize and score.</summary>
[Collection(OneAtATime.Name)]
public class TextCommandTests
{
    private static readonly string Small = Path.Combine(TestPaths.Models, "tales-0.4m");

    [Theory]
    [InlineData("gpt2/tokenizer.json", "gpt-2")]
    [InlineData("llama3/tokenizer.json", "llama-bpe")]
    [InlineData("llama2/tokenizer.json", "llama-spm")]
    [InlineData("qwen/tokenizer.json", "qwen2")]
    [InlineData("gguf/ggml-vocab-gpt-2.gguf", "gpt-2")]
    [InlineData("gguf/ggml-vocab-llama-spm.gguf", "llama-spm")]
    public async Task Tokenize_gives_every_vector(string tokenizer, string vectors)
    {
        if (TestPaths.InShared("tokenizers", "vectors", vectors + ".inp") is not { } file) return;
        CliRun run = await CliRun.Of("tokenize", Path.Combine(TestPaths.Shared!, "tokenizers", tokenizer), "--file", file, "--json");
        string[] expected = await File.ReadAllLinesAsync(Path.ChangeExtension(file, ".out"));
        JsonElement json = run.Json();
        Assert.Equal(expected.Length, json.GetArrayLength());
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i].Split(' ', StringSplitOptions.RemoveEmptyEntries), json[i].EnumerateArray().Select(id => id.GetRawText()));
    }

    [Fact]
    public async Task A_file_without_separator_is_one_text()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "text");
        await File.WriteAllTextAsync(file, "The old house stood");
        JsonElement json = (await CliRun.Of("tokenize", Path.Combine(Small, "tokenizer.json"), "--file", file, "--json")).Json();
        Assert.Equal([492, 662, 903, 987], json[0].EnumerateArray().Select(id => id.GetInt32()));
        Assert.Equal("492 662 903 987\n", (await CliRun.Of("The old house stood", CancellationToken.None, "tokenize", Small, "--file", "-")).Data);
    }

    [Fact]
    public async Task Score_reports_the_likelihood_of_a_text()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "text");
        await File.WriteAllTextAsync(file, "The old man looked out of the window, and saw that the snow had begun to fall.");
        JsonElement json = (await CliRun.Of("score", Small, "--file", file, "--json")).Json();
        Assert.Equal(19, json.GetProperty("tokens").GetInt32());
        double mean = json.GetProperty("meanNll").GetDouble();
        Assert.Equal(64.55494208759585, 19 * mean, tolerance: 0.002);
        Assert.Equal(Math.Exp(mean), json.GetProperty("perplexity").GetDouble(), tolerance: 1e-9);
    }

    [Fact]
    public async Task Score_reads_long_texts_in_windows_that_each_begin_with_BOS()
    {
        await using LocalModel model = await LocalModel.OpenAsync(Small);
        string text = string.Concat(Enumerable.Repeat("The old house stood by the river, and nobody had lived in it. ", 80));
        int[] tokens = model.Tokenizer.Encode(text, addSpecial: false);
        ScoreReport whole = await model.ScoreAsync(text);
        Assert.Equal(tokens.Length, whole.Tokens);
        double sum = 0;
        for (int start = 0; start < tokens.Length; start += 512)
        {
            string part = model.Tokenizer.Decode(tokens.AsSpan(start, Math.Min(512, tokens.Length - start)), isContinuation: true);
            ScoreReport window = await model.ScoreAsync(part);
            Assert.Equal(Math.Min(512, tokens.Length - start), window.Tokens);
            sum += window.MeanNll * window.Tokens;
        }
        Assert.Equal(sum, whole.MeanNll * whole.Tokens, tolerance: 1e-6);
    }
}
