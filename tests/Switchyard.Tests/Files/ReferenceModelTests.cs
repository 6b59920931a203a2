using System.Text.Json;
using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests.Files;

/// <summary>Models on disk against references computed elsewhere in float64: files, layouts and the decoder together.</summary>
[Collection(PropertyRuns.OneAtATime.Name)]
public sealed class ReferenceModelTests
{
    public static TheoryData<string, string, bool> Models()
    {
        var models = new TheoryData<string, string, bool>();
        foreach (string folder in Directory.GetDirectories(TestPaths.Models)) Add(models, folder, Path.Combine(folder, "reference.json"));
        if (TestPaths.InShared("models") is not { } shared) return models;
        foreach (string folder in Directory.GetDirectories(shared))
        {
            if (File.Exists(Path.Combine(folder, "config.json")) && !Path.GetFileName(folder).StartsWith("tales", StringComparison.Ordinal)) Add(models, folder, Path.Combine(folder, "reference.json"));
            foreach (string file in Directory.GetFiles(folder, "*.gguf")) Add(models, file, Path.Combine(folder, "reference.json"));
        }
        return models;

        static void Add(TheoryData<string, string, bool> models, string path, string reference)
        {
            bool plain = !Path.GetFileName(path).Contains("-Q", StringComparison.Ordinal) && !path.Contains("IQ4", StringComparison.Ordinal);
            models.Add(path, reference, plain);
        }
    }

    /// <summary>Weights widened to float32: whatever the format, files, layouts and decoder are right to 1e-3.</summary>
    [Theory]
    [MemberData(nameof(Models))]
    public void First_step_logits_and_greedy_ids_are_the_references(string path, string referencePath, bool plain) =>
        Compare(path, referencePath, new LoadOptions { Widen = !plain }, 1e-3, mayDiffer: false);

    /// <remarks>
    /// Block formats round activations to 8 bits per block of 32: about half a percent of a product, through two layers of this random
    /// model with its sharp attention a few percent of the top logit. Where the reference's margin is smaller than the
    /// tolerance, the choice may differ, and what follows is not compared.
    /// </remarks>
    [Theory]
    [MemberData(nameof(Models))]
    public void Rounded_activations_move_logits_by_a_few_percent(string path, string referencePath, bool plain)
    {
        if (!plain) Compare(path, referencePath, new LoadOptions(), 5e-2, mayDiffer: true);
    }

    private static void Compare(string path, string referencePath, LoadOptions options, double relative, bool mayDiffer)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(referencePath));
        JsonElement root = document.RootElement;
        JsonElement cases = root.TryGetProperty("files", out JsonElement files) ? files.GetProperty(Path.GetFileName(path)).GetProperty("cases") : root.GetProperty("cases");
        using var backend = new CpuBackend(new CpuOptions { Threads = 2 });
        using TransformerModel model = ModelLoader.Load(path, backend, options);
        using var runner = new ModelRunner(model, 64, Math.Min(model.ContextLength, 256));
        foreach (JsonElement one in cases.EnumerateArray())
        {
            List<int> tokens = [.. one.GetProperty("prompt_ids").EnumerateArray().Select(e => e.GetInt32())];
            int[] wanted = [.. one.GetProperty("greedy_ids").EnumerateArray().Select(e => e.GetInt32())];
            (int Id, double Logit)[] top = [.. one.GetProperty("first_step_top5").EnumerateArray().Select(e => (e[0].GetInt32(), e[1].GetDouble()))];
            double tolerance = relative * Math.Max(1, Math.Abs(top[0].Logit));
            float[] logits = new float[model.Config.VocabSize];
            KvSequence kv = runner.Pool.TryRent(tokens.Count + wanted.Length)!;
            for (int step = 0; step < wanted.Length; step++)
            {
                Next(runner, kv, tokens, logits);
                if (step == 0)
                    foreach ((int id, double logit) in top) Assert.True(Math.Abs(logits[id] - logit) <= tolerance, $"{Path.GetFileName(path)}: logit of {id} is {logits[id]}, reference {logit}");
                int choice = Array.IndexOf(logits, logits.Max());
                Assert.True(choice == wanted[step] || (mayDiffer && logits[choice] - logits[wanted[step]] <= 2 * tolerance), $"{Path.GetFileName(path)} step {step}: {choice} ({logits[choice]}) instead of {wanted[step]} ({logits[wanted[step]]})");
                if (choice != wanted[step]) break;
                tokens.Add(choice);
            }
            runner.Pool.Return(kv);
        }
    }

    [Theory]
    [InlineData(DType.Q8_0, 0.05)]
    [InlineData(DType.Q4_0, 0.8)]
    public void Quantising_while_loading_moves_the_distribution_little(DType target, double most)
    {
        string path = Path.Combine(TestPaths.Models, "tales-1m");
        int[] tokens = [0, 492, 662, 903, 987, 410, 261, 1365, 45, 273, 3252];
        using var backend = new CpuBackend(new CpuOptions { Threads = 2 });
        float[] plain = Logits(ModelLoader.Load(path, backend));
        using (TransformerModel model = ModelLoader.Load(path, backend, new LoadOptions { Quantize = target }))
        {
            Assert.Equal(target, model.Weights.Blocks[0].Gate.DType);
            Assert.Equal(DType.Q8_0, model.Weights.Embedding.DType);
            Assert.Same(model.Weights.Embedding, model.Weights.Head);
            Assert.False(model.Weights.Blocks[0].AttentionNorm.DType.IsBlockFormat());
        }
        float[] quantised = Logits(ModelLoader.Load(path, backend, new LoadOptions { Quantize = target }));
        double divergence = Divergence(plain, quantised);
        Assert.InRange(divergence, 1e-9, most);

        float[] Logits(TransformerModel model)
        {
            using var runner = new ModelRunner(model, 64, 64, ownsModel: true);
            float[] logits = new float[model.Config.VocabSize];
            Next(runner, runner.Pool.TryRent(tokens.Length)!, [.. tokens], logits);
            return logits;
        }
    }

    private static void Next(ModelRunner runner, KvSequence kv, List<int> tokens, float[] logits)
    {
        int[] all = [.. tokens], row = new int[1];
        runner.CatchUp(kv, all);
        Assert.Equal(1, runner.Feed(kv, all, row));
        runner.Forward(row);
        runner.Model.Readout(runner.Batch, row, runner.Model.FinalExit, logits);
        kv.CommitAll();
        runner.Batch.Remove(row);
    }

    private static double Divergence(float[] p, float[] q)
    {
        double pMax = p.Max(), qMax = q.Max(), pSum = p.Sum(x => Math.Exp(x - pMax)), qSum = q.Sum(x => Math.Exp(x - qMax)), sum = 0;
        for (int i = 0; i < p.Length; i++)
        {
            double a = p[i] - pMax - Math.Log(pSum), b = q[i] - qMax - Math.Log(qSum);
            sum += Math.Exp(a) * (a - b);
        }
        return sum;
    }
}
