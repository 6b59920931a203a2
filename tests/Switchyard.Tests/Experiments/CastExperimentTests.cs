using Switchyard.Backends.Cpu;
using Switchyard.Experiments;
using Switchyard.Experiments.Cast;
using Switchyard.Experiments.Results;
using Switchyard.Model;
using Switchyard.Model.Synthetic;
using Switchyard.Strategies;
using Switchyard.Tensor;
using Switchyard.Tests.Files;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Experiments;

/// <summary>The command that measures CAST goes on working: its parts run, its document is whole.</summary>
[Collection(OneAtATime.Name)]
public sealed class CastExperimentTests
{
    [Fact]
    public void Every_part_runs_and_writes_its_tables_and_figures()
    {
        using var folder = new TemporaryFolder();
        using var setting = new ExperimentSetting(quick: true);
        var document = new ResultDocument("cast", folder.Path);
        using var log = new StringWriter();
        CastExperiments.Run(setting, document, log);
        string text = File.ReadAllText(document.Write());
        Assert.Contains("no results", text, StringComparison.Ordinal); // a quick run never passes for a measurement
        foreach (string heading in (string[])["M1", "M2", "M3", "M4", "M5", "Q8_0, with replayed", "BF16, with replayed", "Chains against", "code edit", "summary that quotes"])
            Assert.Contains(heading, text, StringComparison.Ordinal);
        string[] figures = [.. Directory.GetFiles(folder.Path, "*.svg").Select(path => Path.GetFileName(path)!)];
        Assert.True(figures.Length >= 8, string.Join(", ", figures));
        foreach (string figure in figures)
        {
            Assert.Contains($"({figure})", text, StringComparison.Ordinal);
            Assert.DoesNotContain("NaN", File.ReadAllText(Path.Combine(folder.Path, figure)), StringComparison.Ordinal);
        }
        Assert.DoesNotContain("NaN", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_alone_says_that_it_is_one()
    {
        using var folder = new TemporaryFolder();
        using var setting = new ExperimentSetting(quick: true);
        var document = new ResultDocument("cast", folder.Path);
        CastExperiments.Run(setting, document, TextWriter.Null, ["copying"]);
        string text = File.ReadAllText(document.Write());
        Assert.Contains("Only a part of the measurements: copying", text, StringComparison.Ordinal);
        Assert.DoesNotContain("M2", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DType.Q8_0)]
    [InlineData(DType.BF16)]
    public void The_successor_model_writes_consecutive_ids(DType format)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        ModelConfig shape = SyntheticModel.Shape("llama-1b") with { LayerCount = 2, HiddenSize = 256, IntermediateSize = 512, HeadCount = 4, KvHeadCount = 2, VocabSize = 300 };
        var runner = new ModelRunner(SyntheticModel.CreateSuccessor(backend, shape, format, 64), 32, 128, ownsModel: true);
        using var plain = new AutoregressiveStrategy(runner);
        var request = new DecodingRequest([7, 290], new GenerationOptions { MaxNewTokens = 20, IgnoreEos = true });
        Assert.True(plain.TryAdmit(request));
        while (!request.IsFinished) plain.Step([request]);
        Assert.Equal(Enumerable.Range(291, 20).Select(id => id % 300), request.Output.ToArray());
        plain.Release(request);
    }
}
