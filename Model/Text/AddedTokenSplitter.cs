using System.Buffers;
using System.Text;

namespace Switchyard.Model.Text;

/// <summary>Finds added tokens in text: leftmost first, and the longest that begins there.</summary>
internal sealed class AddedTokenSplitter
{
    /// <summary>Characters of the longest token allowed: finding tokens may take that much time for every character of a text.</summary>
    public const int MaxLength = 1024;

    private static readonly CodePointSet WordCharacters = CodePointClasses.RustWord();
    private readonly Dictionary<(int Node, char Next), int> _edges = [];
    private readonly List<int> _tokenAt = [-1];
    private readonly List<AddedToken> _tokens = [];
    private readonly SearchValues<char> _first;

    /// <summary>Prepares for tokens under the texts that they are looked for by.</summary>
    public AddedTokenSplitter(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        var first = new HashSet<char>();
        foreach ((string text, AddedToken token) in tokens)
        {
            if (text.Length == 0) continue;
            first.Add(text[0]);
            int node = 0;
            foreach (char c in text)
            {
                if (!_edges.TryGetValue((node, c), out int next))
                {
                    next = _tokenAt.Count;
                    _edges[(node, c)] = next;
                    _tokenAt.Add(-1);
                }
                node = next;
            }
            _tokenAt[node] = _tokens.Count;
            _tokens.Add(token);
        }
        _first = SearchValues.Create([.. first]);
    }

    /// <summary>Cuts a text into added tokens and the runs between them. Ids are -1 for runs.</summary>
    public void Split(string text, bool parseSpecial, List<(int Id, int Start, int End)> output)
    {
        int from = 0, done = 0;
        while (from < text.Length)
        {
            int skip = text.AsSpan(from).IndexOfAny(_first);
            if (skip < 0) break;
            int start = from + skip;
            (AddedToken? token, int length) = Longest(text, start, parseSpecial);
            int end = start + length;
            if (token is null || (token.SingleWord && !StandsAlone(text, start, end)))
            {
                from = token is null ? start + 1 : end;
                continue;
            }
            from = end;
            if (token.StripLeft)
                while (start > done && char.IsWhiteSpace(text[start - 1])) start--;
            if (token.StripRight) end = end <= done ? done : SkipSpace(text, end);
            if (done < start) output.Add((-1, done, start));
            output.Add((token.Id, start, end));
            done = end;
        }
        if (done < text.Length) output.Add((-1, done, text.Length));
    }

    private (AddedToken? Token, int Length) Longest(string text, int start, bool parseSpecial)
    {
        AddedToken? best = null;
        int length = 0, node = 0;
        for (int i = start; i < text.Length && _edges.TryGetValue((node, text[i]), out node); i++)
        {
            if (_tokenAt[node] < 0 || (!parseSpecial && _tokens[_tokenAt[node]].IsSpecial)) continue;
            (best, length) = (_tokens[_tokenAt[node]], i + 1 - start);
        }
        return (best, length);
    }

    private static int SkipSpace(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
        return at;
    }

    private static bool StandsAlone(string text, int start, int end) =>
        (start == 0 || !IsWord(text, start - (start > 1 && char.IsLowSurrogate(text[start - 1]) ? 2 : 1))) && (end == text.Length || !IsWord(text, end));

    private static bool IsWord(string text, int at) => Rune.TryGetRuneAt(text, at, out Rune rune) && WordCharacters.Contains(rune.Value);
}
