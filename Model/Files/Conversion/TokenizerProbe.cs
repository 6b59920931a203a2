using Switchyard.Model.Text;

namespace Switchyard.Model.Files.Conversion;

/// <summary>Finds out whether two tokenizers read text alike, by texts that differ between the kinds in use.</summary>
/// <remarks>White space beside special tokens is left out: GGUF has one rule for it, whatever flags a tokenizer.json gives them.</remarks>
internal static class TokenizerProbe
{
    private static readonly string[] Texts =
    [
        "", " ", "  ", "   ", "x     y      z       w", "{         }           [               ]                  ;", "a", " a", "  a  b   c", "\n", "\n\n", "\t\t x\r\n\r\n  y\n ", "Hello world", " Hello, y'all! It's WE'LL I'm he'd THEY'VE",
        "Hello, world!!! (\"quoted\") [x] {y} <z> — … ‘’ “”", "3", "33", "333", "3333", "33333 1,234,567.89 3.14e-10 0x1F", "v2beta 4x4 a1b2c3",
        "snake_case camelCase HTTPServer kebab-case a/b\\c", "for (int i = 0; i < n; i++) {\n    sum += x[i]; // add\n}\n", "    indented\n\tmore\n",
        "Größe naïve café Ångström", "Привет, как дела? Мир123", "你好,世界。今天是2024年", "こんにちは カタカナ 漢字", "안녕하세요 세계", "مرحبا بالعالم ١٢٣", "नमस्ते दुनिया",
        "🚀 (normal) 😶\u200d🌫️ (multiple emojis) ✅ 🦙🦙", "ﬀ ½ ² ™ № ℝ", "x\u00a0y\u2003z\u3000w", "!!!???... ---- ==== **** ####", "<|x|> [INST] <y> </y>", "\u0000\u0001\u007f", "ᚠᛇᚻ 𝔘𝔫𝔦 \U0001F9EA",
        "The quick brown fox jumps over the lazy dog. The old house stood by the river, and nobody had lived in it for twenty years.",
    ];

    /// <summary>The first text that the two read differently, or null.</summary>
    public static string? FirstDifference(ITokenizer one, ITokenizer other)
    {
        foreach (string text in Texts)
        {
            if (!one.Encode(text, addSpecial: false, parseSpecial: false).AsSpan().SequenceEqual(other.Encode(text, addSpecial: false, parseSpecial: false))) return text;
            int[] ids = one.Encode(text);
            if (!ids.AsSpan().SequenceEqual(other.Encode(text)) || one.Decode(ids) != other.Decode(ids)) return text;
        }
        return null;
    }
}
