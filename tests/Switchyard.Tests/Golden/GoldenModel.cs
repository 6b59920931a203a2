using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Strategies;

namespace Switchyard.Tests.Golden;

/// <summary>Runs a model on disk the way users do, and compares it with its reference.</summary>
internal static class GoldenModel
{
    private static readonly LocalModelOptions TwoThreads = new() { Threads = 2 };

    /// <summary>Greedy ids after every prompt; all prompts run together.</summary>
    public static async Task<int[][]> GreedyIds(string path, IEnumerable<GoldenCase> cases)
    {
        await using LocalModel model = await LocalModel.OpenAsync(path, TwoThreads);
        DecodeReport[] reports = await Task.WhenAll(cases.Select(one => model.GenerateAsync(
            one.PromptIds, new GenerationOptions { MaxNewTokens = one.GreedyIds.Length, IgnoreEos = true })));
        return [.. reports.Select(report => report.Tokens.ToArray())];
    }

    /// <summary>The logits after every prompt, [cases][VocabSize].</summary>
    public static float[][] FirstLogits(string path, IEnumerable<GoldenCase> cases)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 2 });
        using TransformerModel model = ModelLoader.Load(path, backend);
        using var runner = new ModelRunner(model, batchRows: 64, cacheSlots: 256);
        return [.. cases.Select(one => Logits(runner, one.PromptIds))];
    }

    /// <summary>The largest distance from the reference, and the largest reference logit.</summary>
    public static (double Error, double Scale) Distance(GoldenCase reference, float[] logits) => (
        reference.FirstLogits.Max(pair => Math.Abs(logits[pair.Key] - pair.Value)), reference.FirstLogits.Values.Max(Math.Abs));

    private static float[] Logits(ModelRunner runner, int[] prompt)
    {
        KvSequence kv = runner.Pool.TryRent(prompt.Length)!;
        runner.CatchUp(kv, prompt);
        int row = runner.Batch.Add(kv, prompt[^1]);
        runner.Forward([row]);
        var logits = new float[runner.Model.Config.VocabSize];
        runner.Model.Readout(runner.Batch, [row], runner.Model.FinalExit, logits);
        runner.Batch.Clear();
        kv.Rollback();
        runner.Pool.Return(kv);
        return logits;
    }
}
