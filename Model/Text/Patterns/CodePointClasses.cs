using System.Globalization;

namespace Switchyard.Model.Text;

/// <summary>The named character classes of split patterns: general categories, <c>\s \d \w</c>, scripts and POSIX names.</summary>
internal static class CodePointClasses
{
    /// <summary>What a refusal names.</summary>
    public const string Supported =
        "general categories (L, Lu, N, Nd, P, S, M, Z, C, ... and their long names), "
        + "Any, ASCII, Alnum, Digit, Punct, Space, Upper, Lower, Word, Han, Hiragana, Katakana, Hangul";

    /// <summary>The white space of Unicode.</summary>
    public static CodePointSet Space()
    {
        CodePointSet set = OfCategories("Zs", "Zl", "Zp");
        set.Add(9, 13);
        set.Add(0x85, 0x85);
        return set;
    }

    /// <summary>Decimal digits.</summary>
    public static CodePointSet Digit() => OfCategories("Nd");

    /// <summary>Letters, marks, decimal digits, letter numbers, connectors and circled letters: the word characters of Oniguruma.</summary>
    public static CodePointSet Word()
    {
        CodePointSet set = OfCategories("L", "M", "Nd", "Nl", "Pc");
        AddCircledLetters(set);
        return set;
    }

    /// <summary>Word characters and the joiners: what Rust's expressions call <c>\w</c>.</summary>
    public static CodePointSet RustWord()
    {
        CodePointSet set = Word();
        set.Add(0x200C, 0x200D);
        return set;
    }

    /// <summary>A property name as written between the braces of <c>\p{}</c>; null when unknown.</summary>
    public static CodePointSet? Named(string name)
    {
        string plain = name.Replace("_", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal)
            .Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
        return plain switch
        {
            "any" => OfRanges((0, 0x10FFFF)),
            "ascii" => OfRanges((0, 0x7F)),
            "space" or "whitespace" => Space(),
            "digit" => Digit(),
            "word" => Word(),
            "alnum" => OfCategories("L", "M", "Nl", "Nd"),
            "punct" => Punctuation(),
            "upper" => OfCategories("Lu"),
            "lower" => OfCategories("Ll"),
            "han" => OfRanges((0x2E80, 0x2E99), (0x2E9B, 0x2EF3), (0x2F00, 0x2FD5), (0x3005, 0x3005), (0x3007, 0x3007), (0x3021, 0x3029),
                (0x3038, 0x303B), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFA6D), (0xFA70, 0xFAD9), (0x16FE2, 0x16FE3), (0x16FF0, 0x16FF6),
                (0x20000, 0x2A6DF), (0x2A700, 0x2B81D), (0x2B820, 0x2CEAD), (0x2CEB0, 0x2EBE0), (0x2EBF0, 0x2EE5D), (0x2F800, 0x2FA1D),
                (0x30000, 0x3134A), (0x31350, 0x33479)),
            "hiragana" => OfRanges((0x3041, 0x3096), (0x309D, 0x309F), (0x1B001, 0x1B11F), (0x1B132, 0x1B132), (0x1B150, 0x1B152), (0x1F200, 0x1F200)),
            "katakana" => OfRanges((0x30A1, 0x30FA), (0x30FD, 0x30FF), (0x31F0, 0x31FF), (0x32D0, 0x32FE), (0x3300, 0x3357), (0xFF66, 0xFF6F),
                (0xFF71, 0xFF9D), (0x1AFF0, 0x1AFF3), (0x1AFF5, 0x1AFFB), (0x1AFFD, 0x1AFFE), (0x1B000, 0x1B000), (0x1B120, 0x1B122),
                (0x1B155, 0x1B155), (0x1B164, 0x1B167)),
            "hangul" => OfRanges((0x1100, 0x11FF), (0x302E, 0x302F), (0x3131, 0x318E), (0x3200, 0x321E), (0x3260, 0x327E), (0xA960, 0xA97C),
                (0xAC00, 0xD7A3), (0xD7B0, 0xD7C6), (0xD7CB, 0xD7FB), (0xFFA0, 0xFFBE), (0xFFC2, 0xFFC7), (0xFFCA, 0xFFCF), (0xFFD2, 0xFFD7), (0xFFDA, 0xFFDC)),
            _ => CategoryMask(plain) is uint mask and not 0 ? OfMask(mask) : null,
        };
    }

    /// <summary>A POSIX bracket name; null when unknown.</summary>
    public static CodePointSet? Posix(string name) => name switch
    {
        "alpha" => OfCategories("L", "M", "Nl"),
        "cntrl" => OfCategories("Cc"),
        "blank" => OfBlank(),
        "xdigit" => OfRanges(('0', '9'), ('a', 'f'), ('A', 'F')),
        "alnum" or "digit" or "space" or "punct" or "upper" or "lower" or "word" or "ascii" => Named(name),
        _ => null,
    };

    private static CodePointSet Punctuation()
    {
        CodePointSet set = OfCategories("P");
        foreach (char symbol in "$+<=>^`|~") set.Add(symbol, symbol);
        return set;
    }

    private static CodePointSet OfBlank()
    {
        CodePointSet set = OfCategories("Zs");
        set.Add(9, 9);
        return set;
    }

    private static void AddCircledLetters(CodePointSet set)
    {
        set.Add(0x24B6, 0x24E9);
        set.Add(0x1F130, 0x1F149);
        set.Add(0x1F150, 0x1F169);
        set.Add(0x1F170, 0x1F189);
    }

    private static CodePointSet OfRanges(params ReadOnlySpan<(int First, int Last)> ranges)
    {
        var set = new CodePointSet();
        foreach ((int first, int last) in ranges) set.Add(first, last);
        return set;
    }

    private static CodePointSet OfCategories(params ReadOnlySpan<string> names)
    {
        uint mask = 0;
        foreach (string name in names) mask |= CategoryMask(name.ToLowerInvariant());
        return OfMask(mask);
    }

    private static CodePointSet OfMask(uint mask)
    {
        var set = new CodePointSet();
        set.AddCategories(mask);
        return set;
    }

    private static uint CategoryMask(string name) => name switch
    {
        "l" or "letter" => Bits(UnicodeCategory.UppercaseLetter, UnicodeCategory.LowercaseLetter, UnicodeCategory.TitlecaseLetter, UnicodeCategory.ModifierLetter, UnicodeCategory.OtherLetter),
        "lc" or "casedletter" => Bits(UnicodeCategory.UppercaseLetter, UnicodeCategory.LowercaseLetter, UnicodeCategory.TitlecaseLetter),
        "lu" or "uppercaseletter" => Bits(UnicodeCategory.UppercaseLetter),
        "ll" or "lowercaseletter" => Bits(UnicodeCategory.LowercaseLetter),
        "lt" or "titlecaseletter" => Bits(UnicodeCategory.TitlecaseLetter),
        "lm" or "modifierletter" => Bits(UnicodeCategory.ModifierLetter),
        "lo" or "otherletter" => Bits(UnicodeCategory.OtherLetter),
        "m" or "mark" or "combiningmark" => Bits(UnicodeCategory.NonSpacingMark, UnicodeCategory.SpacingCombiningMark, UnicodeCategory.EnclosingMark),
        "mn" or "nonspacingmark" => Bits(UnicodeCategory.NonSpacingMark),
        "mc" or "spacingmark" => Bits(UnicodeCategory.SpacingCombiningMark),
        "me" or "enclosingmark" => Bits(UnicodeCategory.EnclosingMark),
        "n" or "number" => Bits(UnicodeCategory.DecimalDigitNumber, UnicodeCategory.LetterNumber, UnicodeCategory.OtherNumber),
        "nd" or "decimalnumber" => Bits(UnicodeCategory.DecimalDigitNumber),
        "nl" or "letternumber" => Bits(UnicodeCategory.LetterNumber),
        "no" or "othernumber" => Bits(UnicodeCategory.OtherNumber),
        "p" or "punctuation" => Bits(UnicodeCategory.ConnectorPunctuation, UnicodeCategory.DashPunctuation, UnicodeCategory.OpenPunctuation, UnicodeCategory.ClosePunctuation,
            UnicodeCategory.InitialQuotePunctuation, UnicodeCategory.FinalQuotePunctuation, UnicodeCategory.OtherPunctuation),
        "pc" or "connectorpunctuation" => Bits(UnicodeCategory.ConnectorPunctuation),
        "pd" or "dashpunctuation" => Bits(UnicodeCategory.DashPunctuation),
        "ps" or "openpunctuation" => Bits(UnicodeCategory.OpenPunctuation),
        "pe" or "closepunctuation" => Bits(UnicodeCategory.ClosePunctuation),
        "pi" or "initialpunctuation" => Bits(UnicodeCategory.InitialQuotePunctuation),
        "pf" or "finalpunctuation" => Bits(UnicodeCategory.FinalQuotePunctuation),
        "po" or "otherpunctuation" => Bits(UnicodeCategory.OtherPunctuation),
        "s" or "symbol" => Bits(UnicodeCategory.MathSymbol, UnicodeCategory.CurrencySymbol, UnicodeCategory.ModifierSymbol, UnicodeCategory.OtherSymbol),
        "sm" or "mathsymbol" => Bits(UnicodeCategory.MathSymbol),
        "sc" or "currencysymbol" => Bits(UnicodeCategory.CurrencySymbol),
        "sk" or "modifiersymbol" => Bits(UnicodeCategory.ModifierSymbol),
        "so" or "othersymbol" => Bits(UnicodeCategory.OtherSymbol),
        "z" or "separator" => Bits(UnicodeCategory.SpaceSeparator, UnicodeCategory.LineSeparator, UnicodeCategory.ParagraphSeparator),
        "zs" or "spaceseparator" => Bits(UnicodeCategory.SpaceSeparator),
        "zl" or "lineseparator" => Bits(UnicodeCategory.LineSeparator),
        "zp" or "paragraphseparator" => Bits(UnicodeCategory.ParagraphSeparator),
        "c" or "other" => Bits(UnicodeCategory.Control, UnicodeCategory.Format, UnicodeCategory.Surrogate, UnicodeCategory.PrivateUse, UnicodeCategory.OtherNotAssigned),
        "cc" or "control" => Bits(UnicodeCategory.Control),
        "cf" or "format" => Bits(UnicodeCategory.Format),
        "co" or "privateuse" => Bits(UnicodeCategory.PrivateUse),
        "cn" or "unassigned" => Bits(UnicodeCategory.OtherNotAssigned),
        _ => 0,
    };

    private static uint Bits(params ReadOnlySpan<UnicodeCategory> categories)
    {
        uint mask = 0;
        foreach (UnicodeCategory category in categories) mask |= 1u << (int)category;
        return mask;
    }
}
