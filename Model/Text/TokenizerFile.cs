using System.Globalization;
using System.Text.Json;
using Switchyard.Model.Files;

namespace Switchyard.Model.Text;

/// <summary>Reads <c>tokenizer.json</c> and what lies beside it into a <see cref="BpeTokenizer"/>.</summary>
internal sealed class TokenizerFile
{
    /// <summary>Ids may leave this many more holes than there are tokens.</summary>
    private const int FreeHoles = 1 << 16;
    private readonly string _path;
    private readonly JsonField _root;
    private readonly TokenizerConfig _config;

    private TokenizerFile(string path, JsonElement root, TokenizerConfig config) =>
        (_path, _root, _config) = (path, new JsonField(root, path, "$"), config);

    /// <summary>Reads a file.</summary>
    /// <exception cref="ModelFormatException">It is malformed or not supported.</exception>
    public static BpeTokenizer Read(string path, TokenizerConfig config)
    {
        using JsonDocument document = JsonFile.Read(path, maxDepth: 64);
        try
        {
            return new TokenizerFile(path, document.RootElement, config).Read();
        }
        catch (InvalidOperationException e)
        {
            throw new ModelFormatException("A name in the file is not valid Unicode.", path, cause: e);
        }
    }

    private BpeTokenizer Read()
    {
        JsonField model = CheckModel();
        BpeVocabulary vocabulary = BpeVocabulary.Read(model);
        List<AddedToken> added = ReadAdded(vocabulary.Ids);
        ITextNormalizer? normalizer = _root.Optional("normalizer") is JsonField n ? NormalizerReader.Read(n) : null;
        DecodingRules decoding = DecoderReader.Read(_root.Optional("decoder"));
        (string?[] strings, bool[] special) = FillTable(vocabulary.Ids, added, normalizer);
        var ids = new Dictionary<string, int>(vocabulary.Ids);
        foreach (AddedToken token in added) ids[token.Content] = token.Id;
        PostProcessorReader template = PostProcessorReader.Read(_root.Optional("post_processor"), strings.Length);
        BpeModel bpe = vocabulary.MakeModel(model);
        bool isByteLevel = decoding.Steps.Any(step => step is ByteLevelStep);
        var core = new TokenizerCore
        {
            Source = _path,
            Kind = isByteLevel ? "byte-level BPE" : bpe.FallsBackToBytes ? "SentencePiece BPE" : "BPE",
            Tokens = new TokenTable(strings, special, decoding),
            Ids = ids,
            Decoding = decoding,
            UnknownId = bpe.UnknownId ?? _config.Find(ids, _config.UnknownToken),
            PadId = _config.Find(ids, _config.PadToken),
        };
        var raw = new AddedTokenSplitter(added.Where(token => !token.IsNormalized).Select(token => (token.Content, token)));
        var normalized = new AddedTokenSplitter(
            added.Where(token => token.IsNormalized).Select(token => (normalizer?.Apply(token.Content) ?? token.Content, token)));
        return new BpeTokenizer(_config.Complete(core, template, special), bpe, raw, normalized)
        {
            Normalizer = normalizer,
            PreTokenizer = _root.Optional("pre_tokenizer") is JsonField p ? PreTokenizerReader.Read(p) : null,
        };
    }

    private JsonField CheckModel()
    {
        if (_root.Optional("version") is JsonField version && version.String() != "1.0")
            throw version.Refuse("This version of the format is not known.", version.String(), "1.0");
        JsonField model = _root.Required("model");
        // Older files leave the type out; merges are what only BPE has.
        string type = model.OptionalString("type") ?? (model.Optional("merges") is null ? "unknown" : "BPE");
        if (type != "BPE")
            throw model.Refuse("This kind of tokenizer is not supported.", type, "BPE, byte-level or SentencePiece-style (not Unigram, WordPiece or WordLevel)");
        if (model.Optional("dropout") is JsonField dropout && !(dropout.Element.ValueKind == JsonValueKind.Number && dropout.Element.GetDouble() == 0))
            throw dropout.Refuse("Dropout makes the ids random.", dropout.Element.GetRawText(), "null or 0");
        return model;
    }

    private List<AddedToken> ReadAdded(Dictionary<string, int> vocabulary)
    {
        var byContent = new Dictionary<string, AddedToken>();
        if (_root.Optional("added_tokens") is JsonField list)
        {
            foreach (JsonField field in list.Items())
            {
                AddedToken token = ReadAdded(field, field.Required("id").Count(int.MaxValue - 1), vocabulary);
                if (token.Content.Length == 0) continue;
                if (!byContent.TryAdd(token.Content, token) && byContent[token.Content].Id != token.Id)
                    throw field.Refuse("The same added token has two ids.", $"\"{token.Content}\"");
            }
        }
        AddFromConfig(byContent, vocabulary);
        return [.. byContent.Values];
    }

    /// <summary>What tokenizer_config.json says of a token wins over tokenizer.json, as in Hugging Face's transformers.</summary>
    private void AddFromConfig(Dictionary<string, AddedToken> byContent, Dictionary<string, int> vocabulary)
    {
        foreach ((int id, JsonField field) in _config.AddedTokens())
        {
            AddedToken token = ReadAdded(field, id, vocabulary);
            if (token.Content.Length > 0 && (!byContent.TryGetValue(token.Content, out AddedToken? known) || known.Id == token.Id))
                byContent[token.Content] = token;
        }
    }

    private static AddedToken ReadAdded(JsonField field, int id, Dictionary<string, int> vocabulary)
    {
        string content = field.Required("content").String();
        if (content.Length > AddedTokenSplitter.MaxLength)
            throw field.Refuse("The added token is too long.", $"{content.Length} characters", $"up to {AddedTokenSplitter.MaxLength}");
        bool isSpecial = field.Flag("special", false);
        return new AddedToken(vocabulary.TryGetValue(content, out int known) ? known : id, content)
        {
            IsSpecial = isSpecial,
            SingleWord = field.Flag("single_word", false),
            StripLeft = field.Flag("lstrip", false),
            StripRight = field.Flag("rstrip", false),
            IsNormalized = field.Flag("normalized", !isSpecial),
        };
    }

    private (string?[] Strings, bool[] Special) FillTable(Dictionary<string, int> vocabulary, List<AddedToken> added, ITextNormalizer? normalizer)
    {
        int highest = -1;
        foreach (int id in vocabulary.Values) highest = Math.Max(highest, id);
        foreach (AddedToken token in added) highest = Math.Max(highest, token.Id);
        if (highest < 0) throw _root.Refuse("The vocabulary is empty.");
        int count = vocabulary.Count + added.Count;
        if (highest >= (2L * count) + FreeHoles)
            throw _root.Refuse("An id is far beyond the number of tokens.", string.Create(CultureInfo.InvariantCulture, $"id {highest} of {count} tokens"));
        var strings = new string?[highest + 1];
        var special = new bool[highest + 1];
        foreach ((string token, int id) in vocabulary)
        {
            if (strings[id] is string other) throw Clash(id, other, token);
            strings[id] = token;
        }
        foreach (AddedToken token in added)
        {
            if (strings[token.Id] is string other && other != token.Content) throw Clash(token.Id, other, token.Content);
            strings[token.Id] = token.IsNormalized && normalizer is ByteLevelNormalizer ? normalizer.Apply(token.Content) : token.Content;
            special[token.Id] = token.IsSpecial;
        }
        return (strings, special);
    }

    private ModelFormatException Clash(int id, string first, string second) =>
        _root.Refuse(string.Create(CultureInfo.InvariantCulture, $"Id {id} belongs to two tokens."), $"\"{first}\" and \"{second}\"");
}
