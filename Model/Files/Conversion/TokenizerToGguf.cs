using System.Globalization;
using System.Text.Json;
using Switchyard.Model.Text;

namespace Switchyard.Model.Files.Conversion;

/// <summary>Says in GGUF's words what a tokenizer.json says, or refuses by name.</summary>
internal sealed class TokenizerToGguf
{
    private readonly JsonField _root;
    private readonly ITokenizer _tokenizer;
    private readonly int _rows;

    private TokenizerToGguf(JsonField root, ITokenizer tokenizer, int rows) => (_root, _tokenizer, _rows) = (root, tokenizer, rows);

    /// <summary>Converts the tokenizer of a folder.</summary>
    /// <param name="path">Its tokenizer.json.</param>
    /// <param name="config">The model; the vocabulary is filled up to its embedding's rows.</param>
    /// <exception cref="ModelFormatException">GGUF cannot express the tokenizer.</exception>
    public static GgufVocabulary Convert(string path, ModelConfig config)
    {
        ITokenizer tokenizer = Tokenizers.Open(path);
        if (tokenizer.VocabularySize > config.VocabSize)
            throw new ModelFormatException("The tokenizer has more tokens than the embedding has rows.", path, null, null, $"{tokenizer.VocabularySize}", $"up to {config.VocabSize}");
        using JsonDocument document = JsonFile.Read(path, maxDepth: 64);
        var converter = new TokenizerToGguf(new JsonField(document.RootElement, path, "$"), tokenizer, config.VocabSize);
        return converter.Convert(config);
    }

    private GgufVocabulary Convert(ModelConfig config)
    {
        GgufVocabulary common = Common(config);
        bool bytes = _root.Required("model").Flag("byte_fallback", false);
        if (!bytes) return Verified(common with { Model = "gpt2", Pre = PreTokenizerName(), Merges = Merges() });
        GgufVocabulary scored = common with { Model = "llama", Pre = "default", Scores = Scores(common) };
        GgufVocabulary unspaced = scored with { AddsSpacePrefix = false };
        bool adds = TokenizerProbe.FirstDifference(_tokenizer, GgufTokenizer.Create(unspaced)) is not null;
        return adds ? Verified(scored with { AddsSpacePrefix = true }) : unspaced;
    }

    private GgufVocabulary Verified(GgufVocabulary vocabulary) =>
        TokenizerProbe.FirstDifference(_tokenizer, GgufTokenizer.Create(vocabulary)) is { } text
            ? throw _root.Refuse("GGUF cannot express this tokenizer: a text would get other ids.", $"\"{text}\"")
            : vocabulary;

    private GgufVocabulary Common(ModelConfig config)
    {
        var tokens = new string[_rows];
        int[] types = new int[_rows];
        HashSet<int> userDefined = UserDefined();
        bool hasBytes = _root.Required("model").Flag("byte_fallback", false);
        for (int id = 0; id < _rows; id++)
        {
            string? token = id < _tokenizer.VocabularySize ? _tokenizer.TokenString(id) : null;
            tokens[id] = token ?? string.Create(CultureInfo.InvariantCulture, $"[PAD{id}]");
            types[id] = (int)(token is null ? GgufTokenType.Unused
                : id == _tokenizer.UnknownId && _tokenizer.IsSpecial(id) ? GgufTokenType.Unknown
                : _tokenizer.IsSpecial(id) ? GgufTokenType.Control
                : userDefined.Contains(id) ? GgufTokenType.UserDefined
                : hasBytes && IsByte(token) ? GgufTokenType.Byte
                : GgufTokenType.Normal);
        }
        (bool before, bool after) = Around();
        int[] ends = [.. config.EosTokenIds.Concat(_tokenizer.EosIds).Distinct()];
        return new GgufVocabulary
        {
            Source = _root.File,
            Model = "gpt2",
            Tokens = tokens,
            TokenTypes = types,
            BosId = _tokenizer.BosId ?? config.BosTokenId,
            EosId = ends.Length > 0 ? ends[0] : null,
            UnknownId = _tokenizer.UnknownId,
            PadId = _tokenizer.PadId,
            AddsBos = before,
            AddsEos = after,
        };
    }

    private HashSet<int> UserDefined()
    {
        var ids = new HashSet<int>();
        if (_root.Optional("added_tokens") is not JsonField list) return ids;
        foreach (JsonField token in list.Items())
        {
            foreach (string flag in new[] { "single_word", "lstrip", "rstrip" })
                if (token.Flag(flag, false)) throw token.Refuse($"GGUF cannot express an added token with {flag}.", token.OptionalString("content"));
            if (!token.Flag("special", false)) ids.Add(token.Required("id").Count(int.MaxValue));
        }
        return ids;
    }

    /// <summary>Whether texts begin with BOS and end with EOS; nothing else may be put around them.</summary>
    private (bool Bos, bool Eos) Around()
    {
        const string Text = "a";
        int[] with = _tokenizer.Encode(Text), without = _tokenizer.Encode(Text, addSpecial: false);
        bool bos = with.Length > without.Length && with[0] == _tokenizer.BosId;
        bool eos = with.Length > without.Length + (bos ? 1 : 0) && _tokenizer.EosIds.Count > 0 && with[^1] == _tokenizer.EosIds[0];
        if (with.Length != without.Length + (bos ? 1 : 0) + (eos ? 1 : 0))
            throw _root.Refuse("GGUF cannot express what the tokenizer puts around a text.", string.Join(" ", with), "BOS before, EOS after");
        return (bos, eos);
    }

    private string[] Merges() => [.. Pairs().Select(pair => $"{pair.Left} {pair.Right}")];

    private IEnumerable<(string Left, string Right)> Pairs()
    {
        foreach (JsonField merge in _root.Required("model").Required("merges").Items())
        {
            if (merge.IsString)
            {
                string line = merge.String();
                if (!line.StartsWith("#version", StringComparison.Ordinal)) yield return Separate(merge, line);
                continue;
            }
            string[] parts = [.. merge.Items().Select(part => part.String())];
            if (parts.Length != 2 || Separate(merge, string.Join(' ', parts)) != (parts[0], parts[1]))
                throw merge.Refuse("GGUF cannot express a merge of tokens with spaces.", string.Join(" + ", parts));
            yield return (parts[0], parts[1]);
        }
    }

    /// <summary>Tokens that hold spaces themselves are told by the vocabulary.</summary>
    private (string Left, string Right) Separate(JsonField merge, string line)
    {
        for (int space = line.IndexOf(' ', StringComparison.Ordinal); space >= 0; space = line.IndexOf(' ', space + 1))
        {
            (string left, string right) = (line[..space], line[(space + 1)..]);
            if (_tokenizer.TryGetId(left, out _) && _tokenizer.TryGetId(right, out _)) return (left, right);
        }
        throw merge.Refuse("A merge needs two tokens of the vocabulary.", $"\"{line}\"");
    }

    /// <summary>
    /// Scores that fall with the rank of a token's first merge. They stand for the same merges only if every way of putting a token
    /// together is a merge, and no other token's merges come in between. Runs of the mark for a space may: they share a score, as
    /// in the vocabularies that tokenizer files were made from.
    /// </summary>
    private float[] Scores(GgufVocabulary vocabulary)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < vocabulary.Tokens.Count; id++)
            if (vocabulary.TokenTypes![id] is not (int)GgufTokenType.Unused) ids.TryAdd(vocabulary.Tokens[id], id);
        float[] scores = new float[vocabulary.Tokens.Count];
        var pairs = new HashSet<(string, string)>();
        int rank = 0, current = -1, spaces = 0;
        foreach ((string left, string right) in Pairs())
        {
            pairs.Add((left, right));
            string joined = left + right;
            if (!ids.TryGetValue(joined, out int product) || product == current) continue;
            bool isSpaces = joined.AsSpan().IndexOfAnyExcept('▁') < 0;
            if (scores[product] != 0 && !(isSpaces && -scores[product] == rank))
                throw _root.Refuse("GGUF cannot express the order of the merges.", $"merges of \"{joined}\" apart from each other", "merges of one token together");
            if (!isSpaces || spaces == 0 || spaces != rank) rank++;
            if (isSpaces) spaces = rank;
            (scores[product], current) = (-rank, product);
        }
        for (int id = 0; id < scores.Length; id++)
        {
            if (vocabulary.TokenTypes![id] != (int)GgufTokenType.Normal) continue;
            CheckPairs(vocabulary.Tokens[id], ids, pairs);
            if (scores[id] == 0) scores[id] = -++rank;
        }
        return scores;
    }

    private void CheckPairs(string token, Dictionary<string, int> ids, HashSet<(string, string)> pairs)
    {
        for (int cut = 1; cut < token.Length; cut++)
        {
            if (char.IsLowSurrogate(token[cut])) continue;
            (string left, string right) = (token[..cut], token[cut..]);
            if (IsPiece(left) && IsPiece(right) && !pairs.Contains((left, right)))
                throw _root.Refuse("GGUF cannot express that some neighbours do not merge into a token.", $"\"{left}\" and \"{right}\"");
        }

        bool IsPiece(string text) => ids.ContainsKey(text) || text.Length == 1 || (text.Length == 2 && char.IsHighSurrogate(text[0]));
    }

    /// <summary>The name under which GGUF knows a way of splitting text.</summary>
    private string PreTokenizerName()
    {
        string? normalizer = _root.Optional("normalizer")?.TypeName();
        if (normalizer is not (null or "NFC")) throw _root.Refuse("GGUF cannot express the normaliser.", normalizer, "none, NFC");
        bool ignores = _root.Required("model").Flag("ignore_merges", false);
        JsonField pre = _root.Required("pre_tokenizer");
        JsonField[] steps = pre.TypeName() == "Sequence" ? [.. pre.Required("pretokenizers").Items()] : [pre];
        if (steps is [.., var last] && last.TypeName() == "ByteLevel" && !last.Flag("add_prefix_space", true))
        {
            bool ownSplit = last.Flag("use_regex", true);
            if (steps.Length == 1 && ownSplit && !ignores) return "gpt-2";
            if (steps is [var digits, _] && ownSplit && !ignores && digits.TypeName() == "Digits" && digits.Flag("individual_digits", false)) return "smollm";
            if (!ownSplit && SplitName(steps.AsSpan(0, steps.Length - 1), ignores) is { } name) return name;
        }
        throw pre.Refuse("GGUF has no name for this way of splitting text.", pre.Element.GetRawText(), string.Join(", ", GgufSplits.Names));
    }

    private static string? SplitName(ReadOnlySpan<JsonField> steps, bool ignores)
    {
        string[] patterns = new string[steps.Length];
        for (int i = 0; i < steps.Length; i++)
        {
            if (steps[i].TypeName() != "Split" || steps[i].OptionalString("behavior") != "Isolated" || steps[i].Flag("invert", false)) return null;
            if (steps[i].Required("pattern").OptionalString("Regex") is not { } pattern) return null;
            patterns[i] = pattern.Replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)", "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])", StringComparison.Ordinal);
        }
        string[] preferred = ["llama-bpe", "qwen2", "gpt-2", "smollm", "default"];
        foreach (string name in preferred.Concat(GgufSplits.Names))
            if (GgufSplits.Find(name) is { } splits && splits.IgnoresMerges == ignores && splits.Patterns.SequenceEqual(patterns)) return name;
        return null;
    }

    private static bool IsByte(string token) => token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>' && char.IsAsciiHexDigit(token[3]) && char.IsAsciiHexDigit(token[4]);
}
