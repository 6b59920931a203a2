using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Golden;

/// <summary>GGUF files in every format against a float64 computation on the dequantised weights.</summary>
/// <remarks>
/// Plain formats differ from the reference by float32 rounding alone: about a millionth of the largest logit. With block formats the
/// activations are rounded to 8 bits per block as well, by up to 1/254 of the block's largest number; in this random model, whose
/// attention is sharp, that moves logits by 0.7 to 2.7 percent of the largest (Q8_0 2.7, IQ4_NL 2.0, Q4_K_M 1.7, Q5_1 1.4, Q5_0 and Q6_K 1.3,
/// Q5_K_M 1.1, Q4_0 1.0, Q4_1 0.9). Ids must be exact wherever the reference's margin is more than twice the tolerance.
/// </remarks>
[Collection(OneAtATime.Name)]
public class GgufTests
{
    private const double PlainTolerance = 1e-5, BlockTolerance = 0.04; // of the largest logit

    /// <summary>One random model in ten formats.</summary>
    public static TheoryData<string> Formats => [.. TestPaths.InShared("models", "tiny-gguf") is { } folder
        ? Directory.GetFiles(folder, "*.gguf").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal).ToArray() : [""]];

    /// <summary>Models that lie beside their safetensors.</summary>
    public static TheoryData<string> Twins => TestPaths.Shared is null ? [""] : ["tiny-llama3", "tiny-qwen2", "tiny-qwen3"];

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Each_format_reproduces_its_reference(string file)
    {
        if (TestPaths.InShared("models", "tiny-gguf") is not { } folder) return;
        bool plain = file.Contains("F32", StringComparison.Ordinal) || file.Contains("F16", StringComparison.Ordinal); // BF16 too
        await Check(Path.Combine(folder, file), GoldenReference.OfFiles(folder)[file], plain ? PlainTolerance : BlockTolerance);
    }

    [Theory]
    [MemberData(nameof(Twins))]
    public async Task A_file_beside_a_folder_reproduces_the_folders_reference(string name)
    {
        if (TestPaths.InShared("models", name) is not { } folder) return;
        await Check(Path.Combine(folder, name + ".gguf"), GoldenReference.OfFolder(folder), PlainTolerance);
    }

    private static async Task Check(string path, GoldenReference reference, double tolerance)
    {
        float[][] logits = GoldenModel.FirstLogits(path, reference.Cases);
        int[][] ids = await GoldenModel.GreedyIds(path, reference.Cases);
        for (int i = 0; i < ids.Length; i++)
        {
            (double error, double scale) = GoldenModel.Distance(reference.Cases[i], logits[i]);
            Assert.True(error <= tolerance * scale, $"a logit is {error} from the reference; allowed are {tolerance} of {scale}");
            GoldenCase one = reference.Cases[i];
            double[] best = [.. one.FirstLogits.Values.OrderDescending().Take(2)];
            if (best[0] - best[1] > 2 * tolerance * scale) Assert.Equal(one.GreedyIds[0], ids[i][0]);
            if (one.Margin > 2 * tolerance * scale) Assert.Equal(one.GreedyIds, ids[i]);
            Assert.Equal(one.GreedyIds.Length, ids[i].Length);
        }
    }
}
