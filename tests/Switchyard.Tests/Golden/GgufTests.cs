using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Golden;

/// <summary>GGUF files in every format against a float64 computation on the dequantised weights.</summary>
/// <remarks>
/// Plain formats differ from the reference by float32 rounding alone. With block formats the activations are rounded to 8 bits
/// per block as well, an error of up to 1/254 of a block's largest element in every product's operand; through two layers that
/// leaves about a hundredth of the largest logit, more where weights are coarse and sums cancel less. Greedy ids must be exact
/// wherever the reference's smallest margin is larger than twice that.
/// </remarks>
[Collection(OneAtATime.Name)]
public class GgufTests
{
    private const double PlainTolerance = 1e-4, BlockTolerance = 0.02; // of the largest logit

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
            if (reference.Cases[i].Margin > 2 * tolerance * scale) Assert.Equal(reference.Cases[i].GreedyIds, ids[i]);
            else Assert.Equal(reference.Cases[i].GreedyIds.Length, ids[i].Length);
        }
    }
}
