using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Properties.Reference;
using Switchyard.Strategies;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Drex;
using Xunit;

namespace Switchyard.Tests.Drex;

/// <summary>Advice about exits, teacher-forced trials, and the trained model whose exits are usable.</summary>
public sealed class ExitAdvisorTests
{
    private static readonly int[] Exits = [2, 4];

    [Fact]
    public void Advice_counts_what_a_plain_walk_through_the_layers_finds()
    {
        using ModelRunner runner = DrexModels.Runner("qwen3", rows: 7);
        int[] text = [.. Enumerable.Range(0, 60).Select(i => (i * i + 3) % DrexModels.Vocabulary)];
        ExitAdvice advice = ExitAdvisor.Measure(runner, text, Exits, wantedAgreement: 0.9);

        int[][] choices = Choices(runner, text);
        Assert.Equal(60, advice.Positions);
        for (int d = 0; d < 6; d++)
        {
            Assert.Equal(choices.Count(c => c[d] == c[5]) / 60.0, advice.Depths[d].Agreement, 1e-12);
            Assert.Equal(choices.Count(c => Stable(c) == d) / 60.0, advice.Depths[d].StableHere, 1e-12);
        }
        Assert.Equal(choices.Average(c => Stable(c) + 1.0), advice.MeanStableDepth, 1e-9);
        Assert.Equal(1, advice.Depths[5].Agreement);
        Assert.Equal(100, advice.Thresholds.Count);
        for (int i = 1; i < 100; i++) Assert.True(advice.Thresholds[i].ExitRate <= advice.Thresholds[i - 1].ExitRate && advice.Thresholds[i].MeanLayers >= advice.Thresholds[i - 1].MeanLayers);
        Assert.Equal(1, advice.Thresholds[99].Agreement);
        Assert.True(advice.Recommended!.Value.Agreement >= 0.9);
        Assert.Equal(runner.Batch.Capacity, runner.Batch.FreeRows);

        static int Stable(int[] choices)
        {
            int d = 5;
            while (d > 0 && choices[d - 1] == choices[5]) d--;
            return d;
        }
    }

    [Fact]
    public void A_trial_with_computed_keys_and_values_equals_the_advice_and_one_without_exits_is_the_model()
    {
        using ModelRunner runner = DrexModels.Runner("llama");
        int[] text = [.. Enumerable.Range(0, 40).Select(i => (i * 7 + 2) % DrexModels.Vocabulary)];
        ExitTrialReport exact = ExitTrial.Run(runner, text, 1, new DrexOptions { Exits = Exits, Confidence = 0.05f, Kv = MissingKv.Postfill });
        ExitTrialReport named = ExitTrial.Run(runner, text, 1, new DrexOptions { Exits = Exits, Confidence = 0.05f });
        ExitTrialReport off = ExitTrial.Run(runner, text, 1, new DrexOptions { Policy = DrexPolicy.Off });
        ExitThresholdReport advice = ExitAdvisor.Measure(runner, text, Exits).Thresholds[5];
        Assert.Equal((1.0, 0.0, 6.0), (off.Agreement, off.ExitRate, off.MeanLayers));
        Assert.Equal(off.FullNll, off.MeanNll);
        Assert.Equal(off.FullNll, exact.FullNll);
        Assert.NotEqual(exact.MeanNll, named.MeanNll);
        Assert.Equal(38, exact.Positions);
        Assert.InRange(exact.ExitRate * 38, (advice.ExitRate * 40) - 2.01, (advice.ExitRate * 40) + 0.01); // the advice also counts the first and last position
    }

    [Fact]
    public void The_trained_model_has_exits_and_leaves_by_them_as_alone()
    {
        TransformerModel model = ModelLoader.Load(Path.Combine(TestPaths.Models, "tales-10m"), new CpuBackend(new CpuOptions { Threads = 1 }));
        int[] prompt = [0, 40, 300, 77, 512, 9, 23, 1024];
        var options = new DrexOptions { Exits = [4, 8], Confidence = 0.15f, MaxRows = 4 };
        using var strategy = new DrexStrategy(new ModelRunner(model, 48, 1024, ownsModel: true), options, new DrexParts { Rule = new ChanceRule(4) });
        GenerationOptions Sampling(int i) => new() { MaxNewTokens = 9, Temperature = i % 2 * 0.8f, Seed = (ulong)i, IgnoreEos = true };
        DecodingRequest[] requests = DrexDriver.Requests(Enumerable.Range(1, 4).Select(i => prompt[..(i + 3)]), Sampling);
        DrexDriver.Run(strategy, requests, new Random(2));
        using var reference = new ModelRunner(model, 8, 1024);
        for (int i = 0; i < requests.Length; i++)
            Assert.Equal(SequentialExits.Decode(reference, prompt[..(i + 4)], Sampling(i), [4, 8], 0.15f, exact: false).Select(t => t.Token), requests[i].Output.ToArray());
        Assert.True(strategy.Statistics.ExitTokens > 0 && strategy.Statistics.DeepTokens > 0);
        Assert.Equal(0, strategy.Statistics.ActivationBytesCopied + strategy.Statistics.KvBytesCopied);
    }

    [Fact]
    public void Profiled_costs_add_the_read_out_of_exits_and_follow_what_is_measured()
    {
        var costs = new PassSplitCosts(new LayerCosts(), Exits, 6);
        Assert.Equal(2 * 3 + 10, costs.Seconds(0, 3), 1e-9);  // two layers, and a head
        Assert.Equal(2 * 3.5 + 10, costs.Seconds(2, 3.5), 1e-9);
        for (int i = 0; i < 200; i++) costs.Record(0, 3, 32);
        Assert.Equal(32, costs.Seconds(0, 3), 1e-6);
        Assert.Equal(2 * 3 + 10, costs.Seconds(1, 3), 1e-9);
    }

    private static int[][] Choices(ModelRunner runner, int[] text)
    {
        KvSequence kv = runner.Pool.TryRent(text.Length)!;
        var all = new List<int[]>();
        float[] logits = new float[DrexModels.Vocabulary];
        foreach (int token in text)
        {
            int[] row = [runner.Batch.Add(kv, token)], choices = new int[6];
            runner.Model.Embed(runner.Batch, row);
            for (int d = 0; d < 6; d++)
            {
                runner.Model.Run(runner.Batch, row, new(d, d + 1));
                runner.Model.Readout(runner.Batch, row, runner.Model.SharedExit(d + 1), logits);
                choices[d] = Array.IndexOf(logits, logits.Max());
            }
            kv.CommitAll();
            runner.Batch.Remove(row);
            all.Add(choices);
        }
        runner.Pool.Return(kv);
        return [.. all];
    }

    /// <summary>A second a layer and row, and ten for a read-out after the last layer.</summary>
    private sealed class LayerCosts : IPassCosts
    {
        public double Seconds(LayerRange layers, int batch, int context, int rows) => (layers.Count * batch * rows) + (layers.End == 6 ? 10 : 0);

        public void Observe(LayerRange layers, int batch, int context, int rows, double seconds)
        {
        }
    }
}
