using System.Text.Json;
using Switchyard.Model.Files;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Cli;

[Collection(OneAtATime.Name)]
public class InspectCommandTests
{
    private static readonly string Small = Path.Combine(TestPaths.Models, "tales-0.4m");

    [Fact]
    public async Task Json_says_what_the_files_say()
    {
        JsonElement json = (await CliRun.Of("inspect", Small, "--json", "--context", "100")).Json();
        JsonElement architecture = json.GetProperty("architecture");
        Assert.Equal("Llama", architecture.GetProperty("family").GetString());
        Assert.Equal(2, architecture.GetProperty("layerCount").GetInt32());
        Assert.Equal(64, architecture.GetProperty("hiddenSize").GetInt32());
        Assert.Equal("safetensors", json.GetProperty("container").GetString());
        Assert.Equal("F16", json.GetProperty("formats")[0].GetProperty("stored").GetString());
        Assert.Equal("F16", json.GetProperty("formats")[0].GetProperty("computed").GetString());
        Assert.Equal(4096, json.GetProperty("tokenizer").GetProperty("vocabularySize").GetInt32());
        JsonElement memory = json.GetProperty("memory");
        Assert.Equal(100, memory.GetProperty("contextLength").GetInt32());
        Assert.True(memory.GetProperty("fits").GetBoolean());
        Assert.Equal(512, memory.GetProperty("largestContextLength").GetInt32());
    }

    [Fact]
    public async Task The_estimate_of_weights_is_what_they_take()
    {
        foreach (string? format in new[] { null, "q8_0", "q4_0" })
        {
            JsonElement json = (await CliRun.Of(format is null ? ["inspect", Small, "--json"] : ["inspect", Small, "--json", "--quantize", format])).Json();
            await using LocalModel model = await LocalModel.OpenAsync(Small, new LocalModelOptions { Quantize = format switch { "q8_0" => Tensor.DType.Q8_0, "q4_0" => Tensor.DType.Q4_0, _ => null } });
            long estimated = json.GetProperty("memory").GetProperty("weightBytes").GetInt64();
            Assert.InRange(estimated, model.WeightBytes * 95 / 100, model.WeightBytes * 105 / 100);
        }
    }

    [Fact]
    public async Task What_is_converted_while_loading_is_said()
    {
        if (TestPaths.InShared("models", "tiny-gguf", "tiny-IQ4_NL.gguf") is not { } file) return;
        CliRun run = await CliRun.Of("inspect", file);
        Assert.Equal(0, run.Code);
        Assert.Contains("IQ4_NL", run.Data, StringComparison.Ordinal);
        Assert.Contains("converted to Q8_0 while loading", run.Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_context_beyond_the_models_reach_is_refused()
    {
        CliRun run = await CliRun.Of("inspect", Small, "--context", "100000");
        Assert.Equal(2, run.Code);
        Assert.Contains("reach 512", run.Notes, StringComparison.Ordinal);
        Assert.DoesNotContain("Parameter", run.Notes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quality_tells_how_much_each_rounding_costs()
    {
        const string text = "The old man looked out of the window, and saw that the snow had begun to fall. He had lived in the house for twenty years.";
        double none = await MeanKl(), q8 = await MeanKl("--quantize", "q8_0"), q4 = await MeanKl("--quantize", "q4_0");
        Assert.InRange(none, -1e-9, 1e-9); // F16 weights are widened without loss, and their activations are not rounded
        Assert.InRange(q8, 1e-7, 0.01);
        Assert.InRange(q4, 2 * q8, 1);

        async Task<double> MeanKl(params string[] more)
        {
            CliRun run = await CliRun.Of(text, CancellationToken.None, ["inspect", Small, "--quality", "-", "--json", .. more]);
            return run.Json().GetProperty("quality").GetProperty("meanKl").GetDouble();
        }
    }

    [Fact]
    public async Task Exits_tell_where_the_choice_becomes_stable_and_whether_leaving_early_is_worth_it()
    {
        const string text = "The old man looked out of the window, and saw that the snow had begun to fall. He had lived in the house for twenty years.";
        string model = Path.Combine(TestPaths.Models, "tales-10m");
        JsonElement exits = (await CliRun.Of(text, CancellationToken.None, "inspect", model, "--exits", "-", "--json")).Json().GetProperty("exits");
        JsonElement[] depths = [.. exits.GetProperty("depths").EnumerateArray()];
        Assert.Equal(12, depths.Length);
        Assert.Equal(1, depths[^1].GetProperty("agreement").GetDouble());
        Assert.True(depths[^2].GetProperty("agreement").GetDouble() > depths[0].GetProperty("agreement").GetDouble());
        int median = exits.GetProperty("medianStableDepth").GetInt32();
        Assert.True(depths.Take(median).Sum(d => d.GetProperty("stableHere").GetDouble()) >= 0.5);
        Assert.True(depths.Take(median - 1).Sum(d => d.GetProperty("stableHere").GetDouble()) < 0.5);
        bool worthwhile = exits.GetProperty("recommended") is { ValueKind: JsonValueKind.Object } best && best.GetProperty("speedup").GetDouble() >= 1.05;
        Assert.Equal(worthwhile, exits.GetProperty("isWorthwhile").GetBoolean());

        CliRun run = await CliRun.Of(text, CancellationToken.None, "inspect", model, "--exits", "-");
        Assert.Contains($"stable from layer {median} of 12", run.Data, StringComparison.Ordinal);
        Assert.Contains("100 % after layer 12", run.Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exit_heads_of_a_file_are_listened_to_at_their_depths()
    {
        const string text = "The old man looked out of the window, and saw that the snow had begun to fall. He had lived in the house for twenty years.";
        string path = Path.Combine(Path.GetTempPath(), $"switchyard-heads-{Guid.NewGuid():N}.safetensors");
        try
        {
            JsonElement shared = await Exits();
            float[] gain = [.. Enumerable.Range(0, 128).Select(i => (float)(i % 7) - 3)];
            SafetensorsWriter.Write(path, [TensorSource.FromFloats(ExitHeadFile.NormName(3), [128], gain)]);
            JsonElement own = await Exits("--heads", path);
            Assert.Equal([3], own.GetProperty("exits").EnumerateArray().Select(e => e.GetInt32()));
            Assert.Equal(Confidences(shared)[..2], Confidences(own)[..2]); // depths without a head of their own speak as before
            Assert.NotEqual(Confidences(shared)[2], Confidences(own)[2]);
            Assert.Equal(Confidences(shared)[3], Confidences(own)[3]);
        }
        finally
        {
            File.Delete(path);
        }

        async Task<JsonElement> Exits(params string[] more) =>
            (await CliRun.Of(text, CancellationToken.None, ["inspect", Path.Combine(TestPaths.Models, "tales-1m"), "--exits", "-", "--json", .. more])).Json().GetProperty("exits");

        static double[] Confidences(JsonElement exits) => [.. exits.GetProperty("depths").EnumerateArray().Select(d => d.GetProperty("meanConfidence").GetDouble())];
    }

    [Theory]
    [InlineData(2, "--exits", "--heads", "heads.safetensors")] // no text to listen to
    [InlineData(3, "heads.safetensors", "--exits", "-", "--heads", "heads.safetensors")] // not there
    public async Task Exit_heads_that_cannot_be_listened_to_are_refused(int code, string expected, params string[] more)
    {
        CliRun run = await CliRun.Of("Some text to read.", CancellationToken.None, ["inspect", Path.Combine(TestPaths.Models, "tales-1m"), .. more]);
        Assert.Equal(code, run.Code);
        Assert.Contains(expected, run.Notes, StringComparison.Ordinal);
    }
}
