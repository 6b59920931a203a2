using System.Text;
using Switchyard.Model.Files;

namespace Switchyard.Model.Text;

/// <summary>A SentencePiece vocabulary with scores, as the merges it implies: two neighbours join whenever their join is a token, best score first.</summary>
internal sealed class ScoredVocabulary
{
    /// <summary>SentencePiece's own limit is 16 characters; tokens beyond this are found whole or not at all.</summary>
    private const int MaxMergedLength = 256;
    private readonly Dictionary<string, int> _symbols;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly List<(int Left, int Right, int Rank, int Product)> _merges = [];
    private readonly int _tokenCount;
    private bool _crossesSeam;

    private ScoredVocabulary(GgufVocabulary vocabulary, Dictionary<string, int> ids, IReadOnlyList<float> scores)
    {
        _tokenCount = vocabulary.Tokens.Count;
        _symbols = new Dictionary<string, int>(ids);
        _lookup = _symbols.GetAlternateLookup<ReadOnlySpan<char>>();
        AddLetters(vocabulary.Tokens);
        int[] ranks = RankByScore(scores);
        for (int id = 0; id < _tokenCount; id++)
            if (vocabulary.Tokens[id].Length is > 1 and <= MaxMergedLength) AddMerges(vocabulary.Tokens[id], id, ranks[id]);
    }

    /// <summary>Makes the model.</summary>
    /// <exception cref="ModelFormatException">Scores are missing or not numbers.</exception>
    public static BpeModel MakeModel(GgufVocabulary vocabulary, Dictionary<string, int> ids)
    {
        if (vocabulary.Scores is not IReadOnlyList<float> scores || scores.Any(float.IsNaN))
            throw new ModelFormatException(
                "A SentencePiece vocabulary needs a score for every token.", vocabulary.Source, "tokenizer.ggml.scores",
                found: vocabulary.Scores is null ? "none" : "not a number");
        var scored = new ScoredVocabulary(vocabulary, ids, scores);
        return new BpeModel(scored._symbols, scored.MakeTable())
        {
            UnknownId = vocabulary.UnknownId,
            FallsBackToBytes = true,
            Seam = !scored._crossesSeam && ids.ContainsKey("▁") ? '▁' : '\0',
            Substitutes = scored.MakeSubstitutes(ids, vocabulary.UnknownId),
        };
    }

    /// <summary>Characters that occur in tokens without being tokens get symbols of their own, above the vocabulary.</summary>
    private void AddLetters(IReadOnlyList<string> tokens)
    {
        Span<char> chars = stackalloc char[2];
        foreach (string token in tokens)
        {
            if (token.Length > MaxMergedLength) continue;
            foreach (Rune rune in token.EnumerateRunes())
            {
                ReadOnlySpan<char> letter = chars[..rune.EncodeToUtf16(chars)];
                if (!_lookup.ContainsKey(letter)) _lookup[letter] = _symbols.Count;
            }
        }
    }

    private void AddMerges(string token, int id, int rank)
    {
        for (int cut = 1; cut < token.Length; cut++)
        {
            if (char.IsLowSurrogate(token[cut])) continue;
            if (!_lookup.TryGetValue(token.AsSpan(0, cut), out int left) || !_lookup.TryGetValue(token.AsSpan(cut), out int right)) continue;
            _merges.Add((left, right, rank, id));
            _crossesSeam |= MergeReader.Crosses(token);
        }
    }

    private static int[] RankByScore(IReadOnlyList<float> scores)
    {
        int[] order = [.. Enumerable.Range(0, scores.Count).OrderByDescending(id => scores[id])];
        var ranks = new int[order.Length];
        for (int i = 1; i < order.Length; i++)
            ranks[order[i]] = scores[order[i]] == scores[order[i - 1]] ? ranks[order[i - 1]] : i;
        return ranks;
    }

    private MergeTable MakeTable()
    {
        var table = new MergeTable(_merges.Count);
        foreach ((int left, int right, int rank, int product) in _merges) table.Set(left, right, rank, product);
        return table;
    }

    /// <summary>What stands for a symbol that is no token: the tokens of its bytes, or the unknown token.</summary>
    private Dictionary<int, int[]>? MakeSubstitutes(Dictionary<string, int> ids, int? unknown)
    {
        if (_symbols.Count == _tokenCount) return null;
        int[]? bytes = BpeModel.FindBytes(ids);
        var substitutes = new Dictionary<int, int[]>();
        foreach ((string letter, int symbol) in _symbols)
        {
            if (symbol < _tokenCount) continue;
            int[] spelt = [.. Encoding.UTF8.GetBytes(letter).Select(value => bytes?[value] ?? -1)];
            substitutes[symbol] = spelt.All(id => id >= 0) ? spelt : unknown is int id ? [id] : [];
        }
        return substitutes;
    }
}
