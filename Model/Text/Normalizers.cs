using System.Globalization;
using System.Text;

namespace Switchyard.Model.Text;

/// <summary>Rewrites a text before it is split.</summary>
internal interface ITextNormalizer
{
    /// <summary>The rewritten text.</summary>
    string Apply(string text);
}

/// <summary>Several normalizers, one after another.</summary>
internal sealed class SequenceNormalizer(IReadOnlyList<ITextNormalizer> parts, GrowthLimit? limit = null) : ITextNormalizer
{
    public string Apply(string text)
    {
        int original = text.Length;
        foreach (ITextNormalizer part in parts)
        {
            text = part.Apply(text);
            limit?.CheckChain(text.Length, original);
        }
        return text;
    }
}

/// <summary>NFC, NFD, NFKC or NFKD.</summary>
internal sealed class UnicodeFormNormalizer(bool compose, bool compatibility) : ITextNormalizer
{
    public string Apply(string text) => UnicodeNormalizer.Instance.Normalize(text, compose, compatibility);
}

/// <summary>Puts a text in front of any that is not empty.</summary>
internal sealed class PrependNormalizer(string prefix) : ITextNormalizer
{
    public string Apply(string text) => text.Length == 0 ? text : prefix + text;
}

/// <summary>Replaces every match of a pattern.</summary>
internal sealed class ReplaceNormalizer(CodePointPattern pattern, string content, GrowthLimit limit) : ITextNormalizer
{
    public string Apply(string text) => pattern.Replace(text, content, limit);
}

/// <summary>Replaces every occurrence of a text.</summary>
internal sealed class ReplaceTextNormalizer(string found, string content, GrowthLimit? limit = null) : ITextNormalizer
{
    public string Apply(string text)
    {
        if (content.Length > found.Length) limit?.CheckOne(text.Length + (long)text.AsSpan().Count(found) * (content.Length - found.Length), text.Length);
        return text.Replace(found, content, StringComparison.Ordinal);
    }
}

/// <summary>Lower case, code point by code point.</summary>
internal sealed class LowercaseNormalizer : ITextNormalizer
{
    public string Apply(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            // The three letters whose lower case the invariant mapping leaves out, because it crosses into ASCII.
            if (rune.Value == 0x130) result.Append("i\u0307");
            else if (rune.Value == 0x212A) result.Append('k');
            else if (rune.Value == 0x212B) result.Append('å');
            else result.Append(Rune.ToLowerInvariant(rune).ToString());
        }
        return result.ToString();
    }
}

/// <summary>Removes white space at the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : ITextNormalizer
{
    public string Apply(string text) => left ? right ? text.Trim() : text.TrimStart() : right ? text.TrimEnd() : text;
}

/// <summary>Removes combining marks.</summary>
internal sealed class StripAccentsNormalizer : ITextNormalizer
{
    public string Apply(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
            if (Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark))
                result.Append(rune.ToString());
        return result.ToString();
    }
}

/// <summary>Spells every byte of the text's UTF-8 as a letter, as byte-level vocabularies do.</summary>
internal sealed class ByteLevelNormalizer : ITextNormalizer
{
    public string Apply(string text) => ByteLetters.Spell(text);
}
