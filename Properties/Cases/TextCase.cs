using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Switchyard.Properties;

/// <summary>A text, and which tokenizer gets it.</summary>
/// <param name="Tokenizer">Which of the subject's, counted round.</param>
/// <param name="Text">Any UTF-16, also surrogates without a partner.</param>
/// <param name="Cut">Whether only the first half of the ids is decoded.</param>
public sealed record TextCase(int Tokenizer, string Text, bool Cut)
{
    private static readonly string[] Pieces =
    [
        "the ", "The", " old", "house", "n't", "'s", "'LL", "123", "4567890", "3.14", " ", "  ", "    ", "\n", "\r\n", "\n\n", "\t", ".", "...", "!?", "(", ")", "_", "-",
        "é", "e\u0301", "ß", "İ", "ǆ", "ﬁ", "漢字", "かな", "한국", "Ж", "שלום", "مرحبا", "🙂", "👩‍👩‍👧", "🇩🇪", "\u200d", "\u00a0", "\u2028", "\ufeff", "\0", "\u007f",
        "\ud83d", "\ude00", "𝒳", "<s>", "<|end", "[INST]", "http://a.b/c?d=e&f", "int x = 0;", "abcabcabc", "zzzzzzzzzzzz",
    ];

    internal static Gen<TextCase> Any =>
        from tokenizer in Gen.Choose(0, 99)
        from pieces in Gen.OneOf(Gen.Elements(Pieces), Gen.Choose(0, 0xffff).Select(c => ((char)c).ToString())).ListOf()
        from cut in Gen.Elements(true, false, false)
        select new TextCase(tokenizer, string.Concat(pieces.Take(30)).Replace('\u2581', '_'), cut); // SentencePiece's own mark for a space

    /// <summary>The text with everything but plain ASCII spelled out.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (char c in text) escaped.Append(c is >= ' ' and < '\x7f' ? c.ToString() : string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"));
        return escaped.ToString();
    }

    /// <summary>Cases like this one, smaller.</summary>
    public IEnumerable<TextCase> Smaller()
    {
        if (Text.Length > 1) yield return this with { Text = Text[..(Text.Length / 2)] };
        if (Text.Length > 1) yield return this with { Text = Text[(Text.Length / 2)..] };
        for (int i = 0; i < Text.Length; i++) yield return this with { Text = Text.Remove(i, 1) };
    }

    /// <inheritdoc/>
    public override string ToString() => $"tokenizer {Tokenizer}, \"{Escape(Text)}\"{(Cut ? ", cut" : "")}";
}
