using System.Globalization;
using System.Text.Json;
using Switchyard.Model.Text;
using Xunit;

namespace Switchyard.Tests.Text;

/// <summary>Ids against vectors and references that other programs made.</summary>
public sealed class TokenizerVectorTests
{
    [Theory]
    [InlineData("gpt2", "gpt-2")]
    [InlineData("llama3", "llama-bpe")]
    [InlineData("qwen", "qwen2")]
    [InlineData("llama2", "llama-spm")]
    public void Vectors_are_reproduced(string tokenizer, string vectors)
    {
        if (TestPaths.InShared("tokenizers", tokenizer) is not string folder) return;
        CheckVectors(Tokenizers.Open(folder), vectors);
    }

    [Fact]
    public void Prompts_of_every_reference_have_their_ids()
    {
        int checkedPrompts = 0;
        foreach (string folder in ModelFolders())
        {
            ITokenizer tokenizer = Tokenizers.Open(folder);
            using JsonDocument reference = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "reference.json")));
            foreach (JsonElement item in reference.RootElement.GetProperty("cases").EnumerateArray())
            {
                int[] expected = [.. item.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())];
                Assert.Equal(expected, tokenizer.Encode(item.GetProperty("prompt").GetString()!));
                if (item.TryGetProperty("greedy_text", out JsonElement text) && item.TryGetProperty("greedy_ids", out JsonElement greedy))
                    CheckText(tokenizer, item.GetProperty("prompt").GetString()!, [.. greedy.EnumerateArray().Select(id => id.GetInt32())], text.GetString()!);
                checkedPrompts++;
            }
        }
        Assert.True(checkedPrompts >= 3);
    }

    private static void CheckText(ITokenizer tokenizer, string prompt, int[] greedy, string text)
    {
        string alone = tokenizer.Decode(greedy), continued = tokenizer.Decode(greedy, isContinuation: true);
        string whole = tokenizer.Decode([.. tokenizer.Encode(prompt), .. greedy]);
        Assert.Contains(text, (string[])[alone, continued, whole]);
    }

    internal static void CheckVectors(ITokenizer tokenizer, string vectors)
    {
        string inputs = TestPaths.InShared("tokenizers", "vectors", vectors + ".inp")!;
        IReadOnlyList<string> texts = TextSeparator.Split(File.ReadAllText(inputs));
        string[] lines = File.ReadAllLines(Path.ChangeExtension(inputs, ".out"));
        Assert.Equal(46, texts.Count);
        Assert.Equal(lines.Length, texts.Count);
        for (int i = 0; i < lines.Length; i++)
        {
            int[] expected = [.. lines[i].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture))];
            int[] ids = tokenizer.Encode(texts[i], addSpecial: false);
            Assert.True(expected.SequenceEqual(ids), $"{vectors} text {i} \"{texts[i]}\": got [{string.Join(' ', ids)}], expected [{lines[i]}]");
            Assert.Equal(texts[i], tokenizer.Decode(ids));
        }
    }

    internal static IEnumerable<string> ModelFolders()
    {
        foreach (string? root in (string?[])[TestPaths.Models, TestPaths.InShared("models")])
            if (root is not null)
                foreach (string folder in Directory.GetDirectories(root))
                    if (File.Exists(Path.Combine(folder, "tokenizer.json")) && File.Exists(Path.Combine(folder, "reference.json")))
                        yield return folder;
    }
}
