using System.Text;

namespace Switchyard.Model.Text;

/// <summary>The letters that byte-level vocabularies write bytes with: printable Latin-1 as itself, the rest from U+0100 on.</summary>
internal static class ByteLetters
{
    private static readonly char[] Letters = MakeLetters();
    private static readonly short[] Values = MakeValues();

    /// <summary>The letter of a byte.</summary>
    public static char Of(byte value) => Letters[value];

    /// <summary>The byte of a letter; -1 when it is none of the 256.</summary>
    public static int ValueOf(char letter) => letter < Values.Length ? Values[letter] : -1;

    /// <summary>Appends the letters of a text's UTF-8 bytes.</summary>
    public static void Spell(ReadOnlySpan<char> text, PieceBuffer output)
    {
        Span<byte> bytes = stackalloc byte[4];
        for (int i = 0; i < text.Length;)
        {
            if (text[i] < 0x80)
            {
                output.Append(Letters[text[i++]]);
                continue;
            }
            Rune.DecodeFromUtf16(text[i..], out Rune rune, out int consumed);
            int count = rune.EncodeToUtf8(bytes);
            for (int k = 0; k < count; k++) output.Append(Letters[bytes[k]]);
            i += consumed;
        }
    }

    /// <summary>The letters of a text's UTF-8 bytes.</summary>
    public static string Spell(string text)
    {
        var buffer = new PieceBuffer();
        Spell(text, buffer);
        return buffer.NewText.ToString();
    }

    /// <summary>The bytes that a token's letters spell; its UTF-8 when any of its characters is no such letter.</summary>
    public static byte[] BytesOf(string token)
    {
        foreach (char c in token)
            if (ValueOf(c) < 0)
                return Encoding.UTF8.GetBytes(token);
        var bytes = new byte[token.Length];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)Values[token[i]];
        return bytes;
    }

    private static bool IsItself(int value) => value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);

    private static char[] MakeLetters()
    {
        var letters = new char[256];
        int next = 256;
        for (int value = 0; value < 256; value++) letters[value] = (char)(IsItself(value) ? value : next++);
        return letters;
    }

    private static short[] MakeValues()
    {
        var values = new short[512];
        Array.Fill(values, (short)-1);
        for (int value = 0; value < 256; value++) values[Letters[value]] = (short)value;
        return values;
    }
}
