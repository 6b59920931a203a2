using System.Text.Json;
using Switchyard.Experiments.Cast;
using Switchyard.Model.Text;
using Switchyard.Strategies;

namespace Switchyard.Experiments.Auto;

/// <summary>Prompts of one kind.</summary>
/// <param name="Name">What results call it.</param>
/// <param name="Prompts">Token ids.</param>
/// <param name="Greedy">Whether the likeliest token is taken instead of what the model's maker suggests.</param>
internal sealed record PromptClass(string Name, IReadOnlyList<int[]> Prompts, bool Greedy = false)
{
    private const int BookPieces = 30;

    /// <summary>
    /// The classes of a folder of JSON lines with "category" and "turns", one class a category; without a folder a few beginnings of
    /// tales. Then pieces of a book, or the beginnings again with the likeliest tokens, which repeat themselves.
    /// </summary>
    /// <param name="folder">Files *.jsonl; null for none.</param>
    /// <param name="book">A text file; null for none.</param>
    /// <param name="tokenizer">Of the target.</param>
    /// <param name="longest">Tokens that a prompt may have; longer ones are cut at their end.</param>
    public static List<PromptClass> Read(string? folder, string? book, ITokenizer tokenizer, int longest)
    {
        var classes = new List<PromptClass>();
        if (folder is null) classes.Add(new PromptClass("tales", [.. TalesExperiments.Prompts.Select(Encode)]));
        else classes.AddRange(ByCategory(folder).Select(entry => new PromptClass(entry.Key, [.. entry.Value.Select(Encode)])));
        int[][] pieces = book is null ? [.. TalesExperiments.Prompts.Select(Encode)] : Pieces(File.ReadAllText(book), tokenizer, longest);
        if (book is not null) classes.Add(new PromptClass("book", pieces));
        classes.Add(new PromptClass(book is null ? "tales, likeliest tokens" : "book, likeliest tokens", pieces, Greedy: true));
        return classes;

        int[] Encode(string text)
        {
            int[] tokens = tokenizer.Encode(text);
            return tokens.Length <= longest ? tokens : tokens[..longest];
        }
    }

    /// <summary>How tokens are chosen.</summary>
    public GenerationOptions Options(ulong seed, int tokens) => Greedy
        ? new GenerationOptions { MaxNewTokens = tokens, IgnoreEos = true, Seed = seed }
        : new GenerationOptions { Temperature = 0.8f, TopP = 0.9f, MaxNewTokens = tokens, IgnoreEos = true, Seed = seed };

    private static SortedDictionary<string, List<string>> ByCategory(string folder)
    {
        var texts = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(folder, "*.jsonl").Order(StringComparer.Ordinal))
            foreach (string line in File.ReadLines(file).Where(line => line.Length > 0))
            {
                using JsonDocument document = JsonDocument.Parse(line);
                string category = document.RootElement.GetProperty("category").GetString()!, text = document.RootElement.GetProperty("turns")[0].GetString()!;
                if (!texts.TryGetValue(category, out List<string>? list)) texts.Add(category, list = []);
                if (!list.Contains(text)) list.Add(text); // collections have prompts in common
            }
        return texts.Count > 0 ? texts : throw new InvalidDataException($"{folder} has no *.jsonl file with \"category\" and \"turns\".");
    }

    private static int[][] Pieces(string text, ITokenizer tokenizer, int longest)
    {
        int[] tokens = tokenizer.Encode(text[..Math.Min(text.Length, 600_000)], addSpecial: false), first = tokenizer.BosId is { } bos ? [bos] : [];
        int length = longest / 2, stride = Math.Max(length, tokens.Length / BookPieces);
        return [.. Enumerable.Range(0, Math.Min(BookPieces, tokens.Length / stride)).Select(i => (int[])[.. first, .. tokens.AsSpan(i * stride, length - first.Length)])];
    }
}
