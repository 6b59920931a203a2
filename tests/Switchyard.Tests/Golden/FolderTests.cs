using Switchyard.Model.Text;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Golden;

/// <summary>Every trained and random model at hand, of every family, against an independent float64 computation.</summary>
[Collection(OneAtATime.Name)]
public class FolderTests
{
    /// <summary>Folders of the repository and of the shared material that hold weights and a reference.</summary>
    public static TheoryData<string> Folders
    {
        get
        {
            IEnumerable<string> places = new[] { TestPaths.Models, TestPaths.InShared("models") }.OfType<string>();
            return [.. places.SelectMany(Directory.GetDirectories)
                .Where(folder => File.Exists(Path.Combine(folder, "reference.json")) && File.Exists(Path.Combine(folder, "config.json")))
                .DistinctBy(Path.GetFileName).Select(folder => Path.GetRelativePath(TestPaths.RepositoryRoot, folder)).Order(StringComparer.Ordinal)];
        }
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task Greedy_ids_are_the_references(string folder)
    {
        folder = Path.GetFullPath(folder, TestPaths.RepositoryRoot);
        GoldenReference reference = GoldenReference.OfFolder(folder);
        int[][] ids = await GoldenModel.GreedyIds(folder, reference.Cases);
        for (int i = 0; i < ids.Length; i++) Assert.Equal(reference.Cases[i].GreedyIds, ids[i]);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Logits_after_the_prompt_agree_to_a_thousandth(string folder)
    {
        folder = Path.GetFullPath(folder, TestPaths.RepositoryRoot);
        GoldenReference reference = GoldenReference.OfFolder(folder);
        float[][] logits = GoldenModel.FirstLogits(folder, reference.Cases);
        for (int i = 0; i < logits.Length; i++)
        {
            foreach ((int id, double expected) in reference.Cases[i].FirstLogits)
                Assert.True(Math.Abs(logits[i][id] - expected) <= 1e-3 * Math.Abs(expected), $"token {id}: {logits[i][id]} instead of {expected}");
        }
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Prompts_have_the_references_ids(string folder)
    {
        folder = Path.GetFullPath(folder, TestPaths.RepositoryRoot);
        ITokenizer tokenizer = LocalModel.OpenTokenizer(folder);
        foreach (GoldenCase one in GoldenReference.OfFolder(folder).Cases) Assert.Equal(one.PromptIds, tokenizer.Encode(one.Prompt));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task Sentences_have_the_references_likelihood(string folder)
    {
        folder = Path.GetFullPath(folder, TestPaths.RepositoryRoot);
        if (GoldenReference.OfFolder(folder).Sentence is not { } sentence) return;
        await using LocalModel model = await LocalModel.OpenAsync(folder, new LocalModelOptions { Threads = 2 });
        ScoreReport score = await model.ScoreAsync(sentence.Text);
        Assert.Equal(sentence.Tokens, score.Tokens);
        Assert.Equal(sentence.Nll, score.MeanNll * score.Tokens, tolerance: 0.002);
    }
}
