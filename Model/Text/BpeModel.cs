using System.Text;

namespace Switchyard.Model.Text;

/// <summary>Byte-pair encoding of one piece: its characters' tokens, merged by rank. Read by any thread.</summary>
internal sealed class BpeModel
{
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly int[] _singles;
    private readonly int[]? _byteIds;
    private readonly MergeTable _merges;

    /// <summary>Prepares a vocabulary and its merges.</summary>
    public BpeModel(Dictionary<string, int> ids, MergeTable merges)
    {
        (_ids, _merges) = (ids, merges);
        _lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _singles = FindSingles(ids);
        _byteIds = FindBytes(ids);
    }

    /// <summary>The id of what no token covers; null drops it.</summary>
    public int? UnknownId { get; init; }

    /// <summary>Several unknown characters in a row are one token.</summary>
    public bool FusesUnknown { get; init; }

    /// <summary>A character without a token is spelt with the tokens of its bytes, where all exist.</summary>
    public bool FallsBackToBytes { get; init; }

    /// <summary>A piece that is itself a token is that token, whatever the merges make of it.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>Stands before every character but the first of a piece.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Stands after the last character of a piece.</summary>
    public string Suffix { get; init; } = "";

    /// <summary>The character before whose first occurrence after another no token reaches, so that pieces may be cut there; '\0' when none.</summary>
    public char Seam { get; init; }

    /// <summary>What stands for symbols that merge but are no tokens; null when all symbols are.</summary>
    public Dictionary<int, int[]>? Substitutes { get; init; }

    /// <summary>Appends the ids of a piece.</summary>
    public void Encode(ReadOnlySpan<char> piece, EncodingScratch scratch, List<int> output)
    {
        if (Seam == '\0')
        {
            EncodeWord(piece, scratch, output);
            return;
        }
        while (!piece.IsEmpty)
        {
            int length = FirstSeam(piece);
            EncodeWord(piece[..length], scratch, output);
            piece = piece[length..];
        }
    }

    private int FirstSeam(ReadOnlySpan<char> piece)
    {
        int run = piece.IndexOfAnyExcept(Seam);
        if (run < 0) return piece.Length;
        int next = piece[run..].IndexOf(Seam);
        return next < 0 ? piece.Length : run + next;
    }

    private void EncodeWord(ReadOnlySpan<char> word, EncodingScratch scratch, List<int> output)
    {
        if (word.IsEmpty) return;
        if (IgnoresMerges && _lookup.TryGetValue(word, out int whole))
        {
            output.Add(whole);
            return;
        }
        if (scratch.TryGet(word, output)) return;
        int start = output.Count;
        scratch.Merger.Clear();
        AddSymbols(word, scratch.Merger);
        scratch.Merger.Merge(_merges, output);
        if (Substitutes is not null) Substitute(output, start);
        scratch.Keep(word, output, start);
    }

    private void Substitute(List<int> output, int start)
    {
        for (int i = start; i < output.Count; i++)
        {
            if (!Substitutes!.ContainsKey(output[i])) continue;
            int[] symbols = [.. output.Skip(i)];
            output.RemoveRange(i, symbols.Length);
            foreach (int symbol in symbols)
            {
                if (Substitutes.TryGetValue(symbol, out int[]? ids)) output.AddRange(ids);
                else output.Add(symbol);
            }
            return;
        }
    }

    private void AddSymbols(ReadOnlySpan<char> word, WordMerger merger)
    {
        int unknowns = 0;
        for (int i = 0; i < word.Length;)
        {
            int width = char.IsHighSurrogate(word[i]) && i + 1 < word.Length && char.IsLowSurrogate(word[i + 1]) ? 2 : 1;
            ReadOnlySpan<char> symbol = word.Slice(i, width);
            bool isFirst = i == 0, isLast = i + width == word.Length;
            i += width;
            if (TryGetSymbol(symbol, isFirst, isLast, out int id))
            {
                AddUnknowns(merger, ref unknowns);
                merger.Add(id);
            }
            else if (!TryAddBytes(symbol, isFirst, isLast, merger) && UnknownId is not null)
            {
                // Only a following known symbol closes a run of unknown ones, as in Hugging Face's tokenizers.
                if (unknowns > 0 && !FusesUnknown) AddUnknowns(merger, ref unknowns);
                unknowns++;
            }
        }
        AddUnknowns(merger, ref unknowns);
    }

    private void AddUnknowns(WordMerger merger, ref int unknowns)
    {
        if (unknowns > 0) merger.Add(UnknownId!.Value);
        unknowns = 0;
    }

    private bool TryGetSymbol(ReadOnlySpan<char> symbol, bool isFirst, bool isLast, out int id)
    {
        if ((isFirst || Prefix.Length == 0) && (!isLast || Suffix.Length == 0))
        {
            if (symbol.Length > 1) return _lookup.TryGetValue(symbol, out id);
            id = symbol[0] < _singles.Length ? _singles[symbol[0]] : -1;
            return id >= 0;
        }
        return _ids.TryGetValue(Affixed(symbol, isFirst, isLast), out id);
    }

    private string Affixed(ReadOnlySpan<char> symbol, bool isFirst, bool isLast) =>
        string.Concat(isFirst ? "" : Prefix, symbol, isLast ? Suffix : "");

    private bool TryAddBytes(ReadOnlySpan<char> symbol, bool isFirst, bool isLast, WordMerger merger)
    {
        if (!FallsBackToBytes || _byteIds is null) return false;
        byte[] bytes = Encoding.UTF8.GetBytes(Affixed(symbol, isFirst, isLast));
        foreach (byte value in bytes)
            if (_byteIds[value] < 0)
                return false;
        foreach (byte value in bytes) merger.Add(_byteIds[value]);
        return true;
    }

    private static int[] FindSingles(Dictionary<string, int> ids)
    {
        int highest = -1;
        foreach (string token in ids.Keys)
            if (token.Length == 1) highest = Math.Max(highest, token[0]);
        var singles = new int[highest + 1];
        Array.Fill(singles, -1);
        foreach ((string token, int id) in ids)
            if (token.Length == 1) singles[token[0]] = id;
        return singles;
    }

    /// <summary>The ids of &lt;0x00&gt; to &lt;0xFF&gt;, -1 where missing; null when all are.</summary>
    public static int[]? FindBytes(Dictionary<string, int> ids)
    {
        var bytes = new int[256];
        bool any = false;
        for (int value = 0; value < 256; value++)
        {
            bool exists = ids.TryGetValue($"<0x{value:X2}>", out int id);
            bytes[value] = exists ? id : -1;
            any |= exists;
        }
        return any ? bytes : null;
    }
}
