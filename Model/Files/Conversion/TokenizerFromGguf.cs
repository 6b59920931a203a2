using System.Text.Encodings.Web;
using System.Text.Json;
using Switchyard.Model.Text;

namespace Switchyard.Model.Files.Conversion;

/// <summary>Writes the tokenizer of a GGUF file as tokenizer.json and tokenizer_config.json.</summary>
internal sealed class TokenizerFromGguf
{
    private const string Seam = "▁";
    private readonly GgufVocabulary _vocabulary;
    private readonly bool _scored, _addsBos, _addsSpace;
    private readonly GgufSplits? _splits;

    private TokenizerFromGguf(GgufVocabulary vocabulary)
    {
        _vocabulary = vocabulary;
        _scored = vocabulary.Model == "llama";
        _splits = _scored ? null : GgufSplits.Find(string.IsNullOrEmpty(vocabulary.Pre) ? "default" : vocabulary.Pre);
        _addsBos = vocabulary.AddsBos ?? _splits?.AddsBos ?? true;
        _addsSpace = vocabulary.AddsSpacePrefix ?? true;
    }

    /// <summary>Writes both files and makes sure that they read text as the GGUF file does.</summary>
    /// <exception cref="ModelFormatException">The tokenizer is not supported, or tokenizer.json cannot express it.</exception>
    public static void Write(GgufFile file, string folder)
    {
        GgufVocabulary vocabulary = GgufVocabulary.Read(file.Metadata);
        ITokenizer tokenizer = GgufTokenizer.Create(vocabulary);
        var converter = new TokenizerFromGguf(vocabulary);
        string path = Path.Combine(folder, "tokenizer.json");
        string? original = file.Metadata.Text(GgufKeys.TokenizerJson);
        WriteJson(Path.Combine(folder, "tokenizer_config.json"), json => converter.WriteConfig(json, tokenizer, file.Metadata.Text("tokenizer.chat_template")));
        if (original is not null) File.WriteAllText(path, original);
        else WriteJson(path, converter.WriteTokenizer);
        if (TokenizerProbe.FirstDifference(tokenizer, Tokenizers.Open(path)) is { } text)
            throw new ModelFormatException(
                original is null ? "tokenizer.json cannot express this tokenizer: a text would get other ids." : "The file's two descriptions of its tokenizer disagree.",
                file.Path, original is null ? "tokenizer.ggml.model" : GgufKeys.TokenizerJson, null, $"\"{text}\"");
    }

    private static void WriteJson(string path, Action<Utf8JsonWriter> write) => WholeFile.Write(path, stream =>
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
    });

    private void WriteTokenizer(Utf8JsonWriter json)
    {
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        WriteAdded(json);
        if (_scored) WriteScoredSteps(json);
        else WriteByteLevelSteps(json);
        WriteTemplate(json);
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        if (_scored && Spelling(_vocabulary.UnknownId) is { } unknown) json.WriteString("unk_token", unknown);
        else json.WriteNull("unk_token");
        json.WriteNull("continuing_subword_prefix");
        json.WriteNull("end_of_word_suffix");
        json.WriteBoolean("fuse_unk", _scored);
        json.WriteBoolean("byte_fallback", _scored);
        json.WriteBoolean("ignore_merges", _splits?.IgnoresMerges ?? false);
        json.WriteStartObject("vocab");
        for (int id = 0; id < _vocabulary.Tokens.Count; id++)
            if (IsUsed(id)) json.WriteNumber(_vocabulary.Tokens[id], id);
        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach (string merge in _scored ? ScoredMerges() : _vocabulary.Merges ?? []) json.WriteStringValue(merge);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteAdded(Utf8JsonWriter json)
    {
        json.WriteStartArray("added_tokens");
        for (int id = 0; id < _vocabulary.Tokens.Count; id++)
        {
            if (TypeOf(id) is not (GgufTokenType.Control or GgufTokenType.Unknown or GgufTokenType.UserDefined)) continue;
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("content", _vocabulary.Tokens[id]);
            foreach (string flag in new[] { "single_word", "lstrip", "rstrip", "normalized" }) json.WriteBoolean(flag, false);
            json.WriteBoolean("special", TypeOf(id) != GgufTokenType.UserDefined);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void WriteScoredSteps(Utf8JsonWriter json)
    {
        json.WriteStartObject("normalizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("normalizers");
        if (_addsSpace) json.WriteRawValue($$"""{"type":"Prepend","prepend":"{{Seam}}"}""");
        json.WriteRawValue($$"""{"type":"Replace","pattern":{"String":" "},"content":"{{Seam}}"}""");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteNull("pre_tokenizer");
        json.WriteStartObject("decoder");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("decoders");
        json.WriteRawValue($$"""{"type":"Replace","pattern":{"String":"{{Seam}}"},"content":" "}""");
        json.WriteRawValue("""{"type":"ByteFallback"}""");
        json.WriteRawValue("""{"type":"Fuse"}""");
        if (_addsSpace) json.WriteRawValue("""{"type":"Strip","content":" ","start":1,"stop":0}""");
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteByteLevelSteps(Utf8JsonWriter json)
    {
        const string ByteLevel = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":false,"use_regex":false}""";
        json.WriteNull("normalizer");
        json.WriteStartObject("pre_tokenizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("pretokenizers");
        foreach (string pattern in _splits!.Patterns)
        {
            json.WriteStartObject();
            json.WriteString("type", "Split");
            json.WriteStartObject("pattern");
            json.WriteString("Regex", pattern);
            json.WriteEndObject();
            json.WriteString("behavior", "Isolated");
            json.WriteBoolean("invert", false);
            json.WriteEndObject();
        }
        json.WriteRawValue(ByteLevel);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WritePropertyName("decoder");
        json.WriteRawValue(ByteLevel);
    }

    private void WriteTemplate(Utf8JsonWriter json)
    {
        string? bos = _addsBos ? Spelling(_vocabulary.BosId) : null, eos = _vocabulary.AddsEos == true ? Spelling(_vocabulary.EosId) : null;
        if (bos is null && eos is null)
        {
            json.WriteNull("post_processor");
            return;
        }
        json.WriteStartObject("post_processor");
        json.WriteString("type", "TemplateProcessing");
        foreach ((string name, string[] sequences) in new (string, string[])[] { ("single", ["A"]), ("pair", ["A", "B"]) })
        {
            json.WriteStartArray(name);
            for (int i = 0; i < sequences.Length; i++)
            {
                if (bos is not null) Piece("SpecialToken", bos, i);
                Piece("Sequence", sequences[i], i);
                if (eos is not null) Piece("SpecialToken", eos, i);
            }
            json.WriteEndArray();
        }
        json.WriteStartObject("special_tokens");
        if (bos is not null) Special(bos, _vocabulary.BosId!.Value);
        if (eos is not null && eos != bos) Special(eos, _vocabulary.EosId!.Value);
        json.WriteEndObject();
        json.WriteEndObject();

        void Piece(string kind, string id, int type)
        {
            json.WriteStartObject();
            json.WriteStartObject(kind);
            json.WriteString("id", id);
            json.WriteNumber("type_id", type);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        void Special(string token, int id)
        {
            json.WriteStartObject(token);
            json.WriteString("id", token);
            json.WriteStartArray("ids");
            json.WriteNumberValue(id);
            json.WriteEndArray();
            json.WriteStartArray("tokens");
            json.WriteStringValue(token);
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }

    private void WriteConfig(Utf8JsonWriter json, ITokenizer tokenizer, string? chatTemplate)
    {
        json.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
        Token("bos_token", tokenizer.BosId);
        Token("eos_token", _vocabulary.EosId ?? (tokenizer.EosIds.Count > 0 ? tokenizer.EosIds[0] : null));
        Token("unk_token", tokenizer.UnknownId);
        Token("pad_token", tokenizer.PadId);
        if (tokenizer.BosId is not null) json.WriteBoolean("add_bos_token", _addsBos);
        if (tokenizer.EosIds.Count > 0) json.WriteBoolean("add_eos_token", _vocabulary.AddsEos ?? false);
        json.WriteBoolean("clean_up_tokenization_spaces", false);
        if (chatTemplate is not null) json.WriteString("chat_template", chatTemplate);

        void Token(string name, int? id)
        {
            if (id is { } value && tokenizer.TokenString(value) is { } text) json.WriteString(name, text);
        }
    }

    /// <summary>Every way of putting a token together is a merge, better scores first: what SentencePiece does, as a list.</summary>
    private List<string> ScoredMerges()
    {
        IReadOnlyList<float> scores = _vocabulary.Scores!;
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < _vocabulary.Tokens.Count; id++)
            if (IsUsed(id)) ids.TryAdd(_vocabulary.Tokens[id], id);
        var merges = new List<(float Score, int Left, int Right)>();
        for (int id = 0; id < _vocabulary.Tokens.Count; id++)
        {
            string token = _vocabulary.Tokens[id];
            if (TypeOf(id) != GgufTokenType.Normal || token.Length > 256) continue;
            for (int cut = 1; cut < token.Length; cut++)
                if (ids.TryGetValue(token[..cut], out int left) && ids.TryGetValue(token[cut..], out int right)) merges.Add((scores[id], left, right));
        }
        merges.Sort((a, b) => a.Score != b.Score ? b.Score.CompareTo(a.Score) : (a.Left, a.Right).CompareTo((b.Left, b.Right)));
        return merges.ConvertAll(m => $"{_vocabulary.Tokens[m.Left]} {_vocabulary.Tokens[m.Right]}");
    }

    private bool IsUsed(int id) => _vocabulary.Tokens[id].Length > 0 && TypeOf(id) != GgufTokenType.Unused;

    private GgufTokenType TypeOf(int id) => _vocabulary.TokenTypes is null ? GgufTokenType.Normal : (GgufTokenType)_vocabulary.TokenTypes[id];

    private string? Spelling(int? id) => id is { } known ? _vocabulary.Tokens[known] : null;
}
