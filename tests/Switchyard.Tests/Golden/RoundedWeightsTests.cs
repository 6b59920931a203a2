using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Properties.Reference;
using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests.Golden;

/// <summary>Weights rounded to half the bytes against textbook arithmetic on the rounded weights themselves.</summary>
public sealed class RoundedWeightsTests : IDisposable
{
    private static readonly int[] Prompt = [0, 492, 662, 903, 987, 410, 261, 1365];

    private readonly string _folder = Directory.CreateTempSubdirectory("switchyard-rounded-").FullName;

    [Theory]
    [InlineData(DType.F16)]
    [InlineData(DType.BF16)]
    public void Rounded_weights_decode_as_double_precision_does_on_them(DType dtype)
    {
        Round(Path.Combine(TestPaths.Models, "tales-0.4m"), dtype);
        using var cpu = new CpuBackend(new CpuOptions { Threads = 1 });
        using ReferenceBackend exact = ReferenceBackend.InDoublePrecision();
        using TransformerModel subject = ModelLoader.Load(_folder, cpu), reference = ModelLoader.Load(_folder, exact, new LoadOptions { Widen = true });

        List<int> tokens = [.. Prompt];
        for (int step = 0; step < 12; step++)
        {
            float[] got = LastLogits(subject, tokens), want = LastLogits(reference, tokens);
            float scale = want.Max(MathF.Abs);
            for (int i = 0; i < want.Length; i++) Assert.True(MathF.Abs(got[i] - want[i]) <= 1e-3f * scale, $"step {step}, token {i}: {got[i]}, want {want[i]}");
            int best = Array.IndexOf(want, want.Max());
            Assert.Equal(best, Array.IndexOf(got, got.Max()));
            tokens.Add(best);
        }
        Assert.Equal(dtype, subject.Weights.Blocks[0].Gate.DType);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Round(string source, DType dtype)
    {
        foreach (string name in (string[])["config.json", "tokenizer.json", "tokenizer_config.json"]) File.Copy(Path.Combine(source, name), Path.Combine(_folder, name));
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(source, "model.safetensors"));
        SafetensorsWriter.Write(
            Path.Combine(_folder, "model.safetensors"),
            file.Entries.Values.Select(entry => new TensorSource(entry.Name, dtype, entry.Shape, () => ConvertedTensorData.To(entry.Name, file.Open(entry), dtype))));
    }

    private static float[] LastLogits(TransformerModel model, List<int> tokens)
    {
        using var runner = new ModelRunner(model, tokens.Count, tokens.Count);
        KvSequence kv = runner.Pool.TryRent(tokens.Count)!;
        var rows = new int[tokens.Count];
        runner.Feed(kv, [.. tokens], rows);
        runner.Forward(rows);
        var logits = new float[model.Config.VocabSize];
        model.Readout(runner.Batch, rows.AsSpan(tokens.Count - 1), model.FinalExit, logits);
        return logits;
    }
}
