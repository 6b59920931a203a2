using System.Text.Json;
using Switchyard.Tests.Files;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Cli;

[Collection(OneAtATime.Name)]
public class ConvertCommandTests
{
    private static readonly string Small = Path.Combine(TestPaths.Models, "tales-0.4m");

    [Fact]
    public async Task A_folder_becomes_a_file_and_a_folder_again_and_all_three_say_the_same()
    {
        using var scratch = new TemporaryFolder();
        string file = Path.Combine(scratch.Path, "small.gguf"), folder = Path.Combine(scratch.Path, "back");
        Assert.Equal(0, (await CliRun.Of("convert", Small, file)).Code);
        Assert.Equal(0, (await CliRun.Of("convert", file, folder)).Code);
        string[] tokens = await Task.WhenAll(new[] { Small, file, folder }.Select(Tokens));
        Assert.Equal(tokens[0], tokens[1]);
        Assert.Equal(tokens[0], tokens[2]);
    }

    [Fact]
    public async Task Quantising_while_writing_gives_what_quantising_while_loading_gives()
    {
        using var scratch = new TemporaryFolder();
        string file = Path.Combine(scratch.Path, "small.gguf");
        Assert.Equal(0, (await CliRun.Of("convert", Small, file, "--quantize", "q8_0")).Code);
        Assert.Equal(await Tokens(Small, "--quantize", "q8_0"), await Tokens(file));
    }

    [Fact]
    public async Task Nothing_is_replaced_unasked()
    {
        using var scratch = new TemporaryFolder();
        string file = Path.Combine(scratch.Path, "small.gguf");
        await File.WriteAllTextAsync(file, "mine");
        CliRun run = await CliRun.Of("convert", Small, file);
        Assert.Equal(2, run.Code);
        Assert.Contains("--force", run.Notes, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(file));
        Assert.Equal(0, (await CliRun.Of("convert", Small, file, "--force")).Code);
        Assert.Equal(2, (await CliRun.Of("convert", Small, Path.Combine(scratch.Path, "folder"))).Code);
    }

    private static Task<string> Tokens(string model) => Tokens(model, []);

    private static async Task<string> Tokens(string model, params string[] more)
    {
        JsonElement json = (await CliRun.Of(["run", model, "The old house stood", "--max-tokens", "24", "--temperature", "0.7", "--seed", "4", "--json", .. more])).Json();
        return json.GetProperty("tokens").GetRawText();
    }
}
