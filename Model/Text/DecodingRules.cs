using System.Text;

namespace Switchyard.Model.Text;

/// <summary>How spellings of tokens become the bytes of text: a tokenizer file's chain of decoders, step by step.</summary>
internal sealed class DecodingRules
{
    /// <summary>Takes the steps in order.</summary>
    public DecodingRules(IReadOnlyList<DecodingStep> steps) => Steps = steps;

    /// <summary>What is done to each token, in order.</summary>
    public IReadOnlyList<DecodingStep> Steps { get; }

    /// <summary>Every token but the first of a text is preceded by a space: what a file without a decoder means.</summary>
    public bool JoinsWithSpaces { get; init; }

    /// <summary>Up to this many of <see cref="StripCharacter"/> are dropped where a text begins.</summary>
    public int StripStart { get; init; }

    /// <summary>Up to this many of <see cref="StripCharacter"/> are dropped where a text ends.</summary>
    public int StripEnd { get; init; }

    /// <summary>What is dropped at the ends.</summary>
    public char StripCharacter { get; init; } = ' ';

    /// <summary>The mark at a token's end that means a space, unless the token is a text's last; empty when there is none.</summary>
    public string WordSuffix { get; init; } = "";

    /// <summary>The bytes of a token that does, or does not, begin a text; without joining spaces and word suffixes' last case.</summary>
    public byte[] BytesOf(string token, bool isFirst, bool isLast = false)
    {
        string text = token;
        foreach (DecodingStep step in Steps)
        {
            switch (step)
            {
                case ReplaceStep replace:
                    text = replace.Replacement.Apply(text);
                    replace.Limit?.CheckChain(text.Length, token.Length);
                    break;
                case ByteLevelStep: return ByteLetters.BytesOf(text);
                case ByteFallbackStep when TryParseByte(text, out byte value): return [value];
                case MetaspaceStep metaspace: text = text.Replace(metaspace.Mark, isFirst && metaspace.DropsFirst ? "" : " ", StringComparison.Ordinal); break;
                case StripStep strip: text = strip.Apply(text); break;
            }
        }
        if (WordSuffix.Length > 0) text = text.Replace(WordSuffix, isLast ? "" : " ", StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(text);
    }

    /// <summary>Whether the first token of a text is decoded differently.</summary>
    public bool FirstDiffers => Steps.Any(step => step is MetaspaceStep { DropsFirst: true });

    /// <summary>Reads &lt;0xHH&gt;.</summary>
    public static bool TryParseByte(string token, out byte value)
    {
        value = 0;
        return token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
            && byte.TryParse(token.AsSpan(3, 2), System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out value);
    }
}

/// <summary>One decoder of a chain, as it treats a single token.</summary>
internal abstract record DecodingStep;

/// <summary>Replaces matches inside a token.</summary>
internal sealed record ReplaceStep(ITextNormalizer Replacement, GrowthLimit? Limit = null) : DecodingStep;

/// <summary>Reads letters as bytes.</summary>
internal sealed record ByteLevelStep : DecodingStep;

/// <summary>Reads &lt;0xHH&gt; as a byte.</summary>
internal sealed record ByteFallbackStep : DecodingStep;

/// <summary>Reads a mark as a space, and drops it in the first token.</summary>
internal sealed record MetaspaceStep(string Mark, bool DropsFirst) : DecodingStep;

/// <summary>Drops characters at the ends of every token.</summary>
internal sealed record StripStep(char Character, int Start, int Stop) : DecodingStep
{
    public string Apply(string text)
    {
        int start = 0, end = text.Length;
        while (start < Math.Min(Start, end) && text[start] == Character) start++;
        int least = Math.Max(start, text.Length - Stop);
        while (end > least && text[end - 1] == Character) end--;
        return text[start..end];
    }
}
