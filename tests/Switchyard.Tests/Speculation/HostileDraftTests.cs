using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Properties;
using Switchyard.Strategies;
using Switchyard.Strategies.Speculation;
using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests.Speculation;

/// <summary>A draft that misbehaves changes nothing but time, and is reported.</summary>
public sealed class HostileDraftTests
{
    [Theory]
    [InlineData(nameof(HostileDrafter.Way.Garbage))]
    [InlineData(nameof(HostileDrafter.Way.WrongVocabulary))]
    [InlineData(nameof(HostileDrafter.Way.NotANumber))]
    [InlineData(nameof(HostileDrafter.Way.Duplicates))]
    [InlineData(nameof(HostileDrafter.Way.ThrowsInExpand))]
    [InlineData(nameof(HostileDrafter.Way.ThrowsAtTimes))]
    [InlineData(nameof(HostileDrafter.Way.ThrowsInObserve))]
    [InlineData(nameof(HostileDrafter.Way.ThrowsInOpen))]
    [InlineData(nameof(HostileDrafter.Way.ThrowsInClose))]
    [InlineData(nameof(HostileDrafter.Way.ThrowsWithTheSamplerAhead))]
    public void The_tokens_stay_plain_decodings_and_the_report_says_what_happened(string way)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        DecodingRequest[] plain = Decoding.Requests(8, 5, i => Decoding.Options(i)), requests = Decoding.Requests(8, 5, i => Decoding.Options(i));
        Decoding.Plain(backend, "qwen2-bias", 1, plain);
        using var strategy = new SpeculativeStrategy(
            "tree", Decoding.Runner(backend, "qwen2-bias", 1), new HostileDrafter(Enum.Parse<HostileDrafter.Way>(way)), new FixedShaper(3, 3, 8));
        Decoding.Run(strategy, requests, 3);
        Decoding.Same(plain, requests);
        if (way != nameof(HostileDrafter.Way.Duplicates)) Assert.NotEqual("", strategy.Report.ToString());
        if (way.StartsWith("Throws", StringComparison.Ordinal)) Assert.NotNull(strategy.Report.LastFailure);
        Assert.Equal(way == nameof(HostileDrafter.Way.ThrowsInClose), strategy.Report.IsAbandoned);
    }

    [Fact]
    public void A_draft_model_whose_logits_are_not_numbers_ends_its_drafts()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        DecodingRequest[] plain = Decoding.Requests(8, 5, i => Decoding.Options(i)), requests = Decoding.Requests(8, 5, i => Decoding.Options(i));
        Decoding.Plain(backend, "llama-yarn", 1, plain);
        using TransformerModel good = TinyModels.Get("llama-yarn").Open(backend, 1);
        float[] nan = new float[good.Config.HiddenSize];
        Array.Fill(nan, float.NaN);
        Weight norm = backend.Upload("norm", ArrayTensorData.FromFloats(1, nan.Length, nan));
        using TransformerModel parts = TinyModels.Get("llama-yarn").Open(backend, 1); // owns what the broken model shares with it
        var broken = new TransformerModel(backend, good.Config, parts.Weights with { Norm = norm }, TinyModels.ContextLength);
        var draft = new ModelDrafter(new ModelRunner(broken, 64, 1024));
        using (var strategy = new SpeculativeStrategy("tree", Decoding.Runner(backend, "llama-yarn", 1), draft, new FixedShaper(3, 3, 8)))
        {
            StepStats stats = Decoding.Run(strategy, requests, 2);
            Decoding.Same(plain, requests);
            Assert.Equal(0, stats.Drafted);
            Assert.True(strategy.Report.RefusedGuesses > 0);
        }
        norm.Dispose();
    }

    [Fact]
    public void A_draft_with_a_shorter_context_stops_drafting_there()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        DecodingRequest[] plain = Decoding.Requests(9, 3, _ => Decoding.Options(6)), requests = Decoding.Requests(9, 3, _ => Decoding.Options(6));
        Decoding.Plain(backend, "llama-bf16", 1, plain);
        using TransformerModel shape = TinyModels.Get("llama-bf16").Open(backend, 1);
        TransformerModel small = TinyModels.Build(backend, shape.Config, DType.BF16, 1, contextLength: 40);
        using var strategy = new SpeculativeStrategy(
            "chain", Decoding.Runner(backend, "llama-bf16", 1), new ModelDrafter(new ModelRunner(small, 64, 1024, ownsModel: true)), FixedShaper.Chain(4));
        StepStats stats = Decoding.Run(strategy, requests, 3);
        Decoding.Same(plain, requests);
        Assert.Equal("", strategy.Report.ToString());
        Assert.True(stats.Accepted > 0);
    }
}
