using System.Buffers;
using System.Globalization;
using System.Text;

namespace Switchyard.Model.Text;

/// <summary>Unicode's normalization forms, from the tables that ship with the library.</summary>
/// <remarks>
/// The runtime's own normalization returns text unchanged where globalization is invariant, which would silently change the ids;
/// these tables do not depend on how the application is built.
/// </remarks>
internal sealed class UnicodeNormalizer
{
    private const int HangulSyllables = 0xAC00, HangulL = 0x1100, HangulV = 0x1161, HangulT = 0x11A7;
    private const int HangulVCount = 21, HangulTCount = 28, HangulSyllableCount = 11172, HangulLCount = 19;
    private static readonly Lazy<UnicodeNormalizer> LazyInstance = new(() => new UnicodeNormalizer());
    private readonly Dictionary<int, byte> _classes = [];
    private readonly Dictionary<int, int[]> _canonical = [];
    private readonly Dictionary<int, int[]> _compatibility = [];
    private readonly Dictionary<long, int> _composed = [];
    private readonly SearchValues<char> _unsettled;

    private UnicodeNormalizer()
    {
        var excluded = new HashSet<int>();
        using Stream stream = typeof(UnicodeNormalizer).Assembly.GetManifestResourceStream("Switchyard.Model.Text.UnicodeNormalization.txt")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (reader.ReadLine() is string line)
            ReadLine(line, excluded);
        foreach ((int codePoint, int[] parts) in _canonical)
            if (parts.Length == 2 && !excluded.Contains(codePoint) && ClassOf(codePoint) == 0 && ClassOf(parts[0]) == 0)
                _composed[Pair(parts[0], parts[1])] = codePoint;
        _unsettled = FindUnsettled(excluded);
    }

    /// <summary>The tables, read when first needed.</summary>
    public static UnicodeNormalizer Instance => LazyInstance.Value;

    /// <summary>A text in a normalization form.</summary>
    public string Normalize(string text, bool compose, bool compatibility)
    {
        if (Ascii.IsValid(text) || (compose && !compatibility && !text.AsSpan().ContainsAny(_unsettled))) return text;
        var codePoints = new List<int>(text.Length);
        foreach (Rune rune in text.EnumerateRunes()) Decompose(rune.Value, compatibility, codePoints);
        Reorder(codePoints);
        if (compose) Compose(codePoints);
        var result = new StringBuilder(text.Length);
        Span<char> chars = stackalloc char[2];
        foreach (int codePoint in codePoints) result.Append(chars[..new Rune(codePoint).EncodeToUtf16(chars)]);
        return result.ToString();
    }

    /// <summary>The UTF-16 units that NFC may change or join to what stands before; a text without any is in NFC.</summary>
    private SearchValues<char> FindUnsettled(HashSet<int> excluded)
    {
        var units = new HashSet<char>();
        void Add(int codePoint) => units.Add(new Rune(codePoint).ToString()[0]);
        foreach (int codePoint in _classes.Keys) Add(codePoint);
        foreach (long pair in _composed.Keys) Add((int)pair);
        foreach ((int codePoint, int[] parts) in _canonical)
            if (parts.Length == 1 || excluded.Contains(codePoint) || ClassOf(parts[0]) != 0) Add(codePoint);
        for (int i = 0; i < HangulVCount; i++) Add(HangulV + i);
        for (int i = 1; i < HangulTCount; i++) Add(HangulT + i);
        return SearchValues.Create([.. units]);
    }

    private void ReadLine(string line, HashSet<int> excluded)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 2 || words[0] == "#") return;
        switch (words[0])
        {
            case "class":
                byte combiningClass = byte.Parse(words[1].AsSpan(0, words[1].Length - 1), NumberStyles.None, CultureInfo.InvariantCulture);
                foreach (string range in words.AsSpan(2))
                {
                    int dash = range.IndexOf('-', StringComparison.Ordinal);
                    int first = Hex(dash < 0 ? range : range.AsSpan(0, dash)), last = dash < 0 ? first : Hex(range.AsSpan(dash + 1));
                    for (int i = first; i <= last; i++) _classes[i] = combiningClass;
                }
                break;
            case "excluded":
                foreach (string word in words.AsSpan(1)) excluded.Add(Hex(word));
                break;
            default:
                Dictionary<int, int[]> table = words[0] == "canonical" ? _canonical : _compatibility;
                foreach (string word in words.AsSpan(1))
                {
                    int equals = word.IndexOf('=', StringComparison.Ordinal);
                    table[Hex(word.AsSpan(0, equals))] = [.. word[(equals + 1)..].Split('+').Select(part => Hex(part))];
                }
                break;
        }
    }

    private static int Hex(ReadOnlySpan<char> digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static long Pair(int first, int second) => ((long)first << 32) | (uint)second;

    private int ClassOf(int codePoint) => _classes.TryGetValue(codePoint, out byte value) ? value : 0;

    private void Decompose(int codePoint, bool compatibility, List<int> output)
    {
        int syllable = codePoint - HangulSyllables;
        if (syllable is >= 0 and < HangulSyllableCount)
        {
            output.Add(HangulL + (syllable / (HangulVCount * HangulTCount)));
            output.Add(HangulV + (syllable % (HangulVCount * HangulTCount) / HangulTCount));
            if (syllable % HangulTCount != 0) output.Add(HangulT + (syllable % HangulTCount));
        }
        else if (codePoint >= 0xA0 && (_canonical.TryGetValue(codePoint, out int[]? parts) || (compatibility && _compatibility.TryGetValue(codePoint, out parts))))
        {
            foreach (int part in parts) Decompose(part, compatibility, output);
        }
        else output.Add(codePoint);
    }

    /// <summary>Puts each run of combining marks into the order of their classes, keeping the order within a class.</summary>
    private void Reorder(List<int> codePoints)
    {
        var run = new List<(int Class, int CodePoint)>();
        for (int i = 0; i <= codePoints.Count; i++)
        {
            int combiningClass = i < codePoints.Count ? ClassOf(codePoints[i]) : 0;
            if (combiningClass != 0)
            {
                run.Add((combiningClass, codePoints[i]));
                continue;
            }
            if (run.Count > 1)
            {
                int start = i - run.Count, at = start;
                foreach ((_, int codePoint) in run.OrderBy(mark => mark.Class)) codePoints[at++] = codePoint;
            }
            run.Clear();
        }
    }

    /// <summary>Joins starters with the marks that follow them unblocked.</summary>
    private void Compose(List<int> codePoints)
    {
        int written = 0, starter = -1, lastClass = 0;
        for (int i = 0; i < codePoints.Count; i++)
        {
            int codePoint = codePoints[i], combiningClass = ClassOf(codePoint);
            bool isAdjacent = starter == written - 1;
            if (starter >= 0 && (isAdjacent || lastClass < combiningClass) && TryCompose(codePoints[starter], codePoint, out int composed))
            {
                codePoints[starter] = composed;
                continue;
            }
            if (combiningClass == 0) starter = written;
            lastClass = combiningClass;
            codePoints[written++] = codePoint;
        }
        codePoints.RemoveRange(written, codePoints.Count - written);
    }

    private bool TryCompose(int first, int second, out int composed)
    {
        if (first - HangulL is >= 0 and < HangulLCount && second - HangulV is >= 0 and < HangulVCount)
        {
            composed = HangulSyllables + ((((first - HangulL) * HangulVCount) + (second - HangulV)) * HangulTCount);
            return true;
        }
        if (first - HangulSyllables is >= 0 and < HangulSyllableCount && (first - HangulSyllables) % HangulTCount == 0 && second - HangulT is > 0 and < HangulTCount)
        {
            composed = first + (second - HangulT);
            return true;
        }
        return _composed.TryGetValue(Pair(first, second), out composed);
    }
}
