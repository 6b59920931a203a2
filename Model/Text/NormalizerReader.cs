namespace Switchyard.Model.Text;

/// <summary>Reads the <c>normalizer</c> of a tokenizer file.</summary>
internal static class NormalizerReader
{
    private const string Supported = "NFC, NFD, NFKC, NFKD, Prepend, Replace, Lowercase, Strip, StripAccents, ByteLevel, Sequence";
    private const int MaxPrefix = 256;

    /// <summary>Makes the normalizer.</summary>
    public static ITextNormalizer Read(JsonField field)
    {
        string type = field.TypeName();
        return type switch
        {
            "Sequence" => new SequenceNormalizer([.. field.Required("normalizers").Items().Select(Read)], new GrowthLimit(field.File, field.Path)),
            "NFC" => new UnicodeFormNormalizer(compose: true, compatibility: false),
            "NFD" => new UnicodeFormNormalizer(compose: false, compatibility: false),
            "NFKC" => new UnicodeFormNormalizer(compose: true, compatibility: true),
            "NFKD" => new UnicodeFormNormalizer(compose: false, compatibility: true),
            "Prepend" => new PrependNormalizer(ReadPrefix(field.Required("prepend"))),
            "Replace" => ReadReplace(field),
            "Lowercase" => new LowercaseNormalizer(),
            "Strip" => new StripNormalizer(field.Flag("strip_left", true), field.Flag("strip_right", true)),
            "StripAccents" => new StripAccentsNormalizer(),
            "ByteLevel" => new ByteLevelNormalizer(),
            _ => throw field.Refuse("This normalizer is not supported.", type, Supported),
        };
    }

    /// <summary>Reads <c>Replace</c>, which is a normalizer and a decoder.</summary>
    public static ITextNormalizer ReadReplace(JsonField field)
    {
        string content = field.Required("content").String();
        var limit = new GrowthLimit(field.File, field.Path);
        JsonField pattern = field.Required("pattern");
        return pattern.OptionalString("String") is { Length: > 0 } text
            ? new ReplaceTextNormalizer(text, content, limit)
            : new ReplaceNormalizer(PatternReader.Read(pattern), content, limit);
    }

    /// <summary>A prefix comes before every stretch between added tokens, so it must be short.</summary>
    private static string ReadPrefix(JsonField field)
    {
        string prefix = field.String();
        return prefix.Length <= MaxPrefix ? prefix : throw field.Refuse("The text is too long.", $"{prefix.Length} characters", $"up to {MaxPrefix}");
    }
}

/// <summary>Reads the patterns of a tokenizer file: <c>{"String": ...}</c> or <c>{"Regex": ...}</c>.</summary>
internal static class PatternReader
{
    /// <summary>Compiles the pattern.</summary>
    public static CodePointPattern Read(JsonField field)
    {
        if (field.OptionalString("String") is string text)
            return text.Length > 0 ? CodePointPattern.Literal(text) : throw field.Refuse("The pattern is empty.");
        return Regex(field.Required("Regex"));
    }

    /// <summary>Compiles a regular expression.</summary>
    public static CodePointPattern Regex(JsonField field)
    {
        string pattern = field.String();
        try
        {
            return CodePointPattern.Regex(pattern);
        }
        catch (PatternException e)
        {
            throw field.Refuse(e.Message, $"\"{pattern}\"", cause: e);
        }
    }
}
