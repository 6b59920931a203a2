namespace Switchyard.Model.Text;

/// <summary>Reads the <c>pre_tokenizer</c> of a tokenizer file.</summary>
internal static class PreTokenizerReader
{
    private const string Supported =
        "ByteLevel, Split, Digits, Punctuation, Whitespace, WhitespaceSplit, CharDelimiterSplit, BertPreTokenizer, Metaspace, Sequence";

    /// <summary>Makes the pre-tokenizer.</summary>
    public static IPreTokenizer Read(JsonField field)
    {
        string type = field.TypeName();
        return type switch
        {
            "Sequence" => new SequencePreTokenizer([.. field.Required("pretokenizers").Items().Select(Read)]),
            "ByteLevel" => new ByteLevelPreTokenizer(field.Flag("add_prefix_space", true), field.Flag("use_regex", true) ? SplitPatterns.Gpt2() : null),
            "Split" => new SplitPreTokenizer(PatternReader.Read(field.Required("pattern")), ReadBehavior(field.Required("behavior")), field.Flag("invert", false)),
            "Digits" => Split(@"\p{N}", field.Flag("individual_digits", false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous),
            "Punctuation" => Split(SplitPatterns.Punctuation, field.Optional("behavior") is JsonField behavior ? ReadBehavior(behavior) : SplitBehavior.Isolated),
            "Whitespace" => new SplitPreTokenizer(CodePointPattern.Regex(@"[\w\x{200C}\x{200D}]+|[^\w\s\x{200C}\x{200D}]+"), SplitBehavior.Removed, invert: true),
            "WhitespaceSplit" => Split(@"\s", SplitBehavior.Removed),
            "CharDelimiterSplit" => new SplitPreTokenizer(CodePointPattern.Literal(field.Required("delimiter").Character()), SplitBehavior.Removed, invert: false),
            "BertPreTokenizer" => new SequencePreTokenizer([Split(@"\s", SplitBehavior.Removed), Split(SplitPatterns.Punctuation, SplitBehavior.Isolated)]),
            "Metaspace" => ReadMetaspace(field),
            _ => throw field.Refuse("This pre-tokenizer is not supported.", type, Supported),
        };
    }

    /// <summary>Reads when a mark is put in front; the older <c>add_prefix_space</c> may only agree.</summary>
    public static PrependScheme ReadScheme(JsonField field)
    {
        JsonField? named = field.Optional("prepend_scheme");
        PrependScheme scheme = named?.String() switch
        {
            null or "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            string other => throw named.Value.Refuse("This scheme is not supported.", other, "always, first, never"),
        };
        return field.Flag("add_prefix_space", true) ? scheme : PrependScheme.Never;
    }

    private static MetaspacePreTokenizer ReadMetaspace(JsonField field) =>
        new(field.Required("replacement").Character(), ReadScheme(field), field.Flag("split", true));

    private static SplitPreTokenizer Split(string pattern, SplitBehavior behavior) => new(CodePointPattern.Regex(pattern), behavior, invert: false);

    private static SplitBehavior ReadBehavior(JsonField field) => field.String() switch
    {
        "Removed" or "removed" => SplitBehavior.Removed,
        "Isolated" or "isolated" => SplitBehavior.Isolated,
        "MergedWithPrevious" or "merged_with_previous" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" or "merged_with_next" => SplitBehavior.MergedWithNext,
        "Contiguous" or "contiguous" => SplitBehavior.Contiguous,
        string other => throw field.Refuse("This behaviour is not supported.", other, "Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous"),
    };
}
