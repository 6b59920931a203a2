using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;
using Xunit;

namespace Switchyard.Tests.Drex;

/// <summary>Exits with heads of their own, read from a file beside the model.</summary>
public sealed class ExitHeadFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"switchyard-exits-{Guid.NewGuid():N}.safetensors");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Own_heads_speak_at_their_depth_and_the_rest_is_the_models()
    {
        float[] gain = [.. Enumerable.Range(0, 32).Select(i => 0.5f + (i % 5))], projection = [.. Enumerable.Range(0, 29 * 32).Select(i => MathF.Sin(i))];
        Write(TensorSource.FromFloats(ExitHeadFile.NormName(4), [32], gain), TensorSource.FromFloats(ExitHeadFile.NormName(2), [32], gain), TensorSource.FromFloats(ExitHeadFile.ProjectionName(2), [29, 32], projection));
        ModelRunner runner = DrexModels.Runner("llama");
        using ExitHeadFile file = ExitHeadFile.Load(_path, runner.Model);
        Assert.Equal([2, 4], file.Heads.Select(h => h.Depth));
        Assert.Same(runner.Model.FinalExit.Projection, file.Heads[1].Projection);

        using var own = new DrexStrategy(runner, new DrexOptions { Confidence = 0 }, new DrexParts { Heads = file.Heads });
        using var shared = new DrexStrategy(DrexModels.Runner("llama"), new DrexOptions { Confidence = 0, Exits = [2, 4] });
        Assert.Equal([2, 4], own.Exits);
        int[][] prompts = DrexDriver.Prompts(new Random(1), 3);
        Assert.NotEqual(Outputs(shared), Outputs(own));

        int[][] Outputs(DrexStrategy strategy) => DrexDriver.Run(strategy, DrexDriver.Requests(prompts, _ => new GenerationOptions { MaxNewTokens = 8 })).Outputs;
    }

    [Theory]
    [InlineData("exits.6.norm.weight", 32)] // the last layer is no early exit
    [InlineData("exits.0.norm.weight", 32)]
    [InlineData("exits.02.norm.weight", 32)]
    [InlineData("exits.99999999999.norm.weight", 32)]
    [InlineData("exits.2.bias", 32)]
    [InlineData("router.weight", 32)]
    [InlineData("exits.2.norm.weight", 31)]
    [InlineData("exits.2.head.weight", 32)] // no norm
    public void Tensors_that_are_no_exits_of_the_model_are_refused(string name, int length)
    {
        Write(TensorSource.FromFloats(name, [length], new float[length]));
        using ModelRunner runner = DrexModels.Runner("llama");
        Assert.Contains(name, Assert.Throws<ModelFormatException>(() => ExitHeadFile.Load(_path, runner.Model)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_that_are_not_finite_are_refused()
    {
        float[] gain = new float[32];
        gain[7] = float.NaN;
        Write(TensorSource.FromFloats(ExitHeadFile.NormName(3), [32], gain));
        using ModelRunner runner = DrexModels.Runner("llama");
        Assert.Throws<ModelFormatException>(() => ExitHeadFile.Load(_path, runner.Model));
    }

    private void Write(params TensorSource[] tensors) => SafetensorsWriter.Write(_path, tensors);
}
