using System.Runtime.InteropServices;

namespace Switchyard.Model.Text;

/// <summary>What one encoding needs besides the tokenizer: buffers and remembered words. One thread at a time.</summary>
internal sealed class EncodingScratch
{
    private const int MaxWords = 1 << 14;
    private const int MaxWordLength = 64;
    private readonly Dictionary<string, int[]> _words = [];
    private readonly Dictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    /// <summary>Empty scratch.</summary>
    public EncodingScratch() => _lookup = _words.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Merges words.</summary>
    public WordMerger Merger { get; } = new();

    /// <summary>Holds the pieces of the text being split.</summary>
    public PieceBuffer Pieces { get; } = new();

    /// <summary>Holds the runs between added tokens of the raw text.</summary>
    public List<(int Id, int Start, int End)> Runs { get; } = [];

    /// <summary>Holds the runs between added tokens of normalized text.</summary>
    public List<(int Id, int Start, int End)> NormalizedRuns { get; } = [];

    /// <summary>Appends the ids of a word seen before.</summary>
    public bool TryGet(ReadOnlySpan<char> word, List<int> output)
    {
        if (word.Length > MaxWordLength || !_lookup.TryGetValue(word, out int[]? ids)) return false;
        output.AddRange(ids);
        return true;
    }

    /// <summary>Remembers a word's ids; starts over when it remembers too many.</summary>
    public void Keep(ReadOnlySpan<char> word, List<int> output, int start)
    {
        if (word.Length > MaxWordLength) return;
        if (_words.Count >= MaxWords) _words.Clear();
        _lookup[word] = CollectionsMarshal.AsSpan(output)[start..].ToArray();
    }

    /// <summary>Lets go of what one long text needed.</summary>
    public void Trim()
    {
        Merger.Trim();
        Pieces.Trim();
        foreach (List<(int Id, int Start, int End)> list in (ReadOnlySpan<List<(int Id, int Start, int End)>>)[Runs, NormalizedRuns])
        {
            list.Clear();
            if (list.Capacity > MaxWords) list.Capacity = 0;
        }
    }
}
