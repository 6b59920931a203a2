using System.Runtime.InteropServices;

namespace Switchyard.Strategies.Speculation;

/// <summary>
/// Where every n-gram of a growing text ended, latest first. Following a text by one token costs one look-up a length, however
/// long the text.
/// </summary>
/// <param name="shortest">Tokens of the shortest n-gram.</param>
/// <param name="longest">Tokens of the longest.</param>
internal sealed class NGramIndex(int shortest, int longest)
{
    private const int MostEarlier = 32; // a text of one repeated token has as many occurrences as tokens

    // By hash of length and tokens: collisions are told apart by comparing. Per length, the previous end with the same hash.
    private readonly Dictionary<ulong, int> _latest = [];
    private readonly List<int>[] _earlier = NewLists(longest + 1);
    private readonly List<int> _tokens = [];
    private int _walked;

    /// <summary>The text followed so far.</summary>
    public ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(_tokens);

    /// <summary>Goes on to another text; what it begins with in common stays indexed.</summary>
    public void Follow(ReadOnlySpan<int> tokens)
    {
        Rewind(Tokens.CommonPrefixLength(tokens));
        for (int end = _tokens.Count; end < tokens.Length; end++)
        {
            if (end > 0) Enter(end - 1); // an n-gram is found only once something follows it
            _tokens.Add(tokens[end]);
        }
    }

    /// <summary>The last token of the latest earlier occurrence of the text's last <paramref name="length"/> tokens; −1 if there is none.</summary>
    public int Latest(int length)
    {
        _walked = 0;
        if (_tokens.Count <= length) return -1;
        int end = _latest.TryGetValue(Hash(length, _tokens.Count - 1), out int found) ? found : -1;
        return Matching(length, end);
    }

    /// <summary>The next earlier occurrence; −1 after the last, or after so many that older ones say little.</summary>
    public int Earlier(int length, int end) => ++_walked >= MostEarlier ? -1 : Matching(length, _earlier[length][end]);

    private int Matching(int length, int end)
    {
        ReadOnlySpan<int> tokens = Tokens, last = tokens[^length..];
        for (; end >= 0 && _walked < MostEarlier; end = _earlier[length][end], _walked++)
            if (tokens.Slice(end + 1 - length, length).SequenceEqual(last)) return end;
        return -1;
    }

    private void Enter(int end)
    {
        for (int length = shortest; length <= longest; length++)
        {
            int previous = -1;
            if (end + 1 >= length)
            {
                ref int latest = ref CollectionsMarshal.GetValueRefOrAddDefault(_latest, Hash(length, end), out bool known);
                if (known) previous = latest;
                latest = end;
            }
            _earlier[length].Add(previous);
        }
    }

    private ulong Hash(int length, int end)
    {
        ulong hash = (ulong)length * 0xD6E8FEB86659FD93; // far from any token id, or short and long n-grams would meet
        for (int i = end + 1 - length; i <= end; i++)
        {
            hash = (hash ^ (uint)_tokens[i]) * 0x9E3779B97F4A7C15;
            hash ^= hash >> 29;
        }
        return hash;
    }

    /// <summary>Forgets the tokens from <paramref name="length"/> on, and every n-gram that was entered because they followed it.</summary>
    private void Rewind(int length)
    {
        for (int end = _tokens.Count - 2; end >= length - 1 && end >= 0; end--)
        {
            for (int n = shortest; n <= longest; n++)
            {
                int previous = _earlier[n][end];
                _earlier[n].RemoveAt(end);
                if (end + 1 < n) continue;
                if (previous < 0) _latest.Remove(Hash(n, end));
                else _latest[Hash(n, end)] = previous;
            }
        }
        CollectionsMarshal.SetCount(_tokens, length);
    }

    private static List<int>[] NewLists(int count)
    {
        var lists = new List<int>[count];
        for (int i = 0; i < count; i++) lists[i] = [];
        return lists;
    }
}
