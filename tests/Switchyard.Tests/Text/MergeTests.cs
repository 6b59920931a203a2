using FsCheck;
using FsCheck.Fluent;
using Switchyard.Model.Text;
using Switchyard.Tests.Files;
using Xunit;

namespace Switchyard.Tests.Text;

/// <summary>Merging against the definition: take the best pair, leftmost of equals, join it, and look again.</summary>
public sealed class MergeTests
{
    private static Config Seeded => Config.QuickThrowOnFailure.WithMaxTest(Hostile.Cases(500)).WithReplay(20261122, 3);

    [Fact]
    public void Ranked_merges_are_those_of_the_definition()
    {
        Gen<(int, int)[]> merges = Gen.Choose(0, 5).Two().ArrayOf();
        Gen<((int, int)[], int[])> cases = from pairs in merges from word in Gen.Choose(0, 2).ArrayOf() select (pairs, word);
        Check.One(Seeded, Prop.ForAll(cases.ToArbitrary(), c =>
        {
            // Symbols 0 to 2 are letters; merge i makes symbol 3 + i % 4, so that products repeat and chain.
            var table = new MergeTable(c.Item1.Length);
            var rules = new Dictionary<(int, int), (int Rank, int Product)>();
            for (int i = 0; i < c.Item1.Length; i++)
            {
                (int left, int right) = c.Item1[i];
                table.Set(left, right, i, 3 + (i % 4));
                rules[(left, right)] = (i, 3 + (i % 4));
            }
            var merger = new WordMerger();
            foreach (int symbol in c.Item2) merger.Add(symbol);
            var merged = new List<int>();
            merger.Merge(table, merged);
            return merged.SequenceEqual(ByDefinition(c.Item2, (a, b) => rules.TryGetValue((a, b), out (int Rank, int Product) rule) ? rule : null));
        }));
    }

    [Fact]
    public void Scored_vocabularies_merge_as_SentencePiece_defines()
    {
        Gen<string> token = from parts in Gen.Elements("a", "b", "▁", "c", "🦙").NonEmptyListOf() select string.Concat(parts.Take(4));
        Gen<(string, float)> scored = from text in token from score in Gen.Choose(-5, 0) select (text, (float)score);
        Gen<((string, float)[], string)> cases =
            from tokens in scored.ArrayOf() from text in Gen.Elements("a", "b", "c", " ", "d", "🦙").ArrayOf() select (tokens, string.Concat(text));
        Check.One(Seeded, Prop.ForAll(cases.ToArbitrary(), c =>
        {
            (string Text, float Score)[] tokens = [("<unk>", 0), .. c.Item1.DistinctBy(t => t.Item1).Where(t => t.Item1 != "▁"), ("▁", -9), .. Enumerable.Range(0, 256).Select(b => ($"<0x{b:X2}>", -20f))];
            ITokenizer tokenizer = GgufTokenizer.Create(new GgufVocabulary
            {
                Source = "test", Model = "llama", Tokens = [.. tokens.Select(t => t.Text)], Scores = [.. tokens.Select(t => t.Score)], AddsBos = false, AddsSpacePrefix = false,
            });
            return tokenizer.Encode(c.Item2).SequenceEqual(SentencePiece(tokens, c.Item2.Replace(' ', '▁')));
        }));
    }

    private static List<int> ByDefinition(IEnumerable<int> word, Func<int, int, (int Rank, int Product)?> find)
    {
        List<int> symbols = [.. word];
        while (true)
        {
            int best = -1;
            (int Rank, int Product) rule = (int.MaxValue, 0);
            for (int i = 0; i + 1 < symbols.Count; i++)
                if (find(symbols[i], symbols[i + 1]) is (int Rank, int Product) found && found.Rank < rule.Rank)
                    (best, rule) = (i, found);
            if (best < 0) return symbols;
            symbols[best] = rule.Product;
            symbols.RemoveAt(best + 1);
        }
    }

    private static List<int> SentencePiece((string Text, float Score)[] tokens, string text)
    {
        Dictionary<string, int> ids = tokens.Select((t, id) => (t.Text, id)).ToDictionary(t => t.Text, t => t.id);
        List<string> symbols = [.. text.EnumerateRunes().Select(rune => rune.ToString())];
        while (true)
        {
            int best = -1;
            float score = float.NegativeInfinity;
            for (int i = 0; i + 1 < symbols.Count; i++)
                if (ids.TryGetValue(symbols[i] + symbols[i + 1], out int id) && tokens[id].Score > score)
                    (best, score) = (i, tokens[id].Score);
            if (best < 0) break;
            symbols[best] += symbols[best + 1];
            symbols.RemoveAt(best + 1);
        }
        return [.. symbols.SelectMany(s => ids.TryGetValue(s, out int id) ? [id] : System.Text.Encoding.UTF8.GetBytes(s).Select(b => ids[$"<0x{b:X2}>"]))];
    }
}
