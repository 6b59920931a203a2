using System.Globalization;
using Switchyard.Model.Files;

namespace Switchyard.Model.Text;

/// <summary>Makes tokenizers from the metadata of GGUF files.</summary>
public static class GgufTokenizer
{
    private static readonly string[] UsualEnds =
        ["<|eot_id|>", "<|im_end|>", "<|end|>", "<|end_of_text|>", "<|endoftext|>", "<end_of_turn>", "<|eom_id|>", "<EOT>", "<｜end▁of▁sentence｜>"];

    /// <summary>Makes the tokenizer.</summary>
    /// <exception cref="ModelFormatException">The metadata are inconsistent or name something that is not supported.</exception>
    public static ITokenizer Create(GgufVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        Dictionary<string, int> ids = IndexTokens(vocabulary);
        CheckLengths(vocabulary);
        return vocabulary.Model switch
        {
            "llama" => CreateSentencePiece(vocabulary, ids),
            "gpt2" => CreateByteLevel(vocabulary, ids),
            _ => throw Fault(vocabulary, "model", "This kind of tokenizer is not supported.", vocabulary.Model, "llama (SentencePiece BPE), gpt2 (byte-level BPE)"),
        };
    }

    private static BpeTokenizer CreateSentencePiece(GgufVocabulary vocabulary, Dictionary<string, int> ids)
    {
        bool addsSpace = vocabulary.AddsSpacePrefix ?? true;
        GgufVocabulary complete = vocabulary with
        {
            BosId = vocabulary.BosId ?? Usual(vocabulary, 1),
            EosId = vocabulary.EosId ?? Usual(vocabulary, 2),
            UnknownId = vocabulary.UnknownId ?? Usual(vocabulary, 0),
        };
        var marks = new ReplaceTextNormalizer(" ", "▁");
        var steps = new Steps(ScoredVocabulary.MakeModel(complete, ids), "SentencePiece BPE")
        {
            Normalizer = addsSpace ? new SequenceNormalizer([new PrependNormalizer("▁"), marks]) : marks,
            Decoding = new DecodingRules([new ReplaceStep(new ReplaceTextNormalizer("▁", " ")), new ByteFallbackStep()]) { StripStart = addsSpace ? 1 : 0 },
        };
        return Assemble(complete, ids, steps, complete.AddsBos ?? complete.BosId is not null);
    }

    private static BpeTokenizer CreateByteLevel(GgufVocabulary vocabulary, Dictionary<string, int> ids)
    {
        string pre = string.IsNullOrEmpty(vocabulary.Pre) ? "default" : vocabulary.Pre;
        GgufSplits splits = GgufSplits.Find(pre)
            ?? throw Fault(vocabulary, "pre", "This way of splitting text is not known.", $"\"{pre}\"", string.Join(", ", GgufSplits.Names));
        if (vocabulary.Merges is not IReadOnlyList<string> merges) throw Fault(vocabulary, "merges", "A byte-level tokenizer needs its merges.");
        MergeReader reader = new(ids, prefix: "", vocabulary.Source, Key("merges"), merges.Count);
        for (int i = 0; i < merges.Count; i++) reader.Add(merges[i]);
        IEnumerable<IPreTokenizer> parts = splits.Patterns.Select(pattern => new SplitPreTokenizer(CodePointPattern.Regex(pattern), SplitBehavior.Isolated, invert: false));
        var steps = new Steps(new BpeModel(ids, reader.Merges) { IgnoresMerges = splits.IgnoresMerges }, $"byte-level BPE ({pre})")
        {
            PreTokenizer = new SequencePreTokenizer([.. parts, new ByteLevelPreTokenizer(addPrefixSpace: false, split: null)]),
            Decoding = new DecodingRules([new ByteLevelStep()]),
        };
        return Assemble(vocabulary, ids, steps, vocabulary.AddsBos ?? (splits.AddsBos && vocabulary.BosId is not null));
    }

    private static BpeTokenizer Assemble(GgufVocabulary vocabulary, Dictionary<string, int> ids, Steps steps, bool addsBos)
    {
        bool[] special = [.. Enumerable.Range(0, vocabulary.Tokens.Count).Select(id => TypeOf(vocabulary, id) is GgufTokenType.Control or GgufTokenType.Unknown)];
        int? bos = Checked(vocabulary, "bos_token_id", vocabulary.BosId), eos = Checked(vocabulary, "eos_token_id", vocabulary.EosId);
        var core = new TokenizerCore
        {
            Source = vocabulary.Source,
            Kind = steps.Kind,
            Tokens = new TokenTable([.. vocabulary.Tokens.Select(token => token.Length > 0 ? token : null)], special, steps.Decoding),
            Ids = ids,
            Decoding = steps.Decoding,
            BosId = bos,
            EosIds = FindEnds(vocabulary, ids, special, eos),
            UnknownId = Checked(vocabulary, "unknown_token_id", vocabulary.UnknownId),
            PadId = Checked(vocabulary, "padding_token_id", vocabulary.PadId),
            Before = addsBos ? [bos ?? throw Fault(vocabulary, "bos_token_id", "Texts are to begin with BOS, but its id is missing.")] : [],
            After = vocabulary.AddsEos == true ? [eos ?? throw Fault(vocabulary, "eos_token_id", "Texts are to end with EOS, but its id is missing.")] : [],
        };
        var raw = new AddedTokenSplitter(FindAdded(vocabulary).Select(token => (token.Content, token)));
        return new BpeTokenizer(core, steps.Model, raw, new AddedTokenSplitter([])) { Normalizer = steps.Normalizer, PreTokenizer = steps.PreTokenizer };
    }

    private static IEnumerable<AddedToken> FindAdded(GgufVocabulary vocabulary)
    {
        // GGUF does not say which added tokens swallow white space; Phi-3's do.
        string name = vocabulary.ModelName?.ToLowerInvariant() ?? "";
        bool strips = name.Contains("phi-3", StringComparison.Ordinal) || name.Contains("phi3", StringComparison.Ordinal);
        for (int id = 0; id < vocabulary.Tokens.Count; id++)
        {
            GgufTokenType type = TypeOf(vocabulary, id);
            string content = vocabulary.Tokens[id];
            bool isSpecial = type is GgufTokenType.Control or GgufTokenType.Unknown;
            if (!isSpecial && type != GgufTokenType.UserDefined) continue;
            if (content.Length > AddedTokenSplitter.MaxLength)
                throw Fault(vocabulary, "tokens", "A special token is too long.", $"{content.Length} characters", $"up to {AddedTokenSplitter.MaxLength}");
            yield return new AddedToken(id, content) { IsSpecial = isSpecial, StripRight = strips && content is not ("<unk>" or "<s>" or "<|endoftext|>") };
        }
    }

    private static int[] FindEnds(GgufVocabulary vocabulary, Dictionary<string, int> ids, bool[] special, int? eos)
    {
        var ends = new List<int?> { eos, Checked(vocabulary, "eot_token_id", vocabulary.EotId), Checked(vocabulary, "eom_token_id", vocabulary.EomId) };
        foreach (string usual in UsualEnds)
            if (ids.TryGetValue(usual, out int id) && special[id]) ends.Add(id);
        return [.. ends.OfType<int>().Distinct()];
    }

    private static Dictionary<string, int> IndexTokens(GgufVocabulary vocabulary)
    {
        if (vocabulary.Tokens.Count == 0) throw Fault(vocabulary, "tokens", "The vocabulary is empty.");
        var ids = new Dictionary<string, int>(vocabulary.Tokens.Count);
        for (int id = 0; id < vocabulary.Tokens.Count; id++)
            if (vocabulary.Tokens[id].Length > 0 && !ids.TryAdd(vocabulary.Tokens[id], id))
                throw Fault(vocabulary, "tokens", "Two ids have the same token.", $"ids {ids[vocabulary.Tokens[id]]} and {id}, \"{vocabulary.Tokens[id]}\"");
        return ids;
    }

    private static void CheckLengths(GgufVocabulary vocabulary)
    {
        foreach ((string name, int? count) in (ReadOnlySpan<(string, int?)>)[("scores", vocabulary.Scores?.Count), ("token_type", vocabulary.TokenTypes?.Count)])
            if (count is int found && found != vocabulary.Tokens.Count)
                throw Fault(vocabulary, name, "The list is not as long as the vocabulary.", $"{found} for {vocabulary.Tokens.Count} tokens");
    }

    private static GgufTokenType TypeOf(GgufVocabulary vocabulary, int id) =>
        vocabulary.TokenTypes is null ? GgufTokenType.Normal : (GgufTokenType)vocabulary.TokenTypes[id];

    private static int? Usual(GgufVocabulary vocabulary, int id) =>
        id < vocabulary.Tokens.Count && TypeOf(vocabulary, id) is GgufTokenType.Control or GgufTokenType.Unknown ? id : null;

    private static int? Checked(GgufVocabulary vocabulary, string key, int? id) =>
        id is null || (uint)id.Value < (uint)vocabulary.Tokens.Count
            ? id
            : throw Fault(vocabulary, key, "The id is not in the vocabulary.", id.Value.ToString(CultureInfo.InvariantCulture), $"0 to {vocabulary.Tokens.Count - 1}");

    private static string Key(string name) => "tokenizer.ggml." + name;

    private static ModelFormatException Fault(GgufVocabulary vocabulary, string key, string problem, string? found = null, string? supported = null) =>
        new(problem, vocabulary.Source, Key(key), found: found, supported: supported);

    private sealed record Steps(BpeModel Model, string Kind)
    {
        public ITextNormalizer? Normalizer { get; init; }

        public IPreTokenizer? PreTokenizer { get; init; }

        public required DecodingRules Decoding { get; init; }
    }
}
