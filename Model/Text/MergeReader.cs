using System.Globalization;
using Switchyard.Model.Files;

namespace Switchyard.Model.Text;

/// <summary>Collects merges, best first, checking each against the vocabulary.</summary>
internal sealed class MergeReader
{
    private const int MaxSeparators = 64;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;
    private readonly string _prefix;
    private readonly string _file;
    private readonly string _field;
    private char[] _joined = new char[64];
    private int _rank;

    /// <summary>Begins a list.</summary>
    /// <param name="ids">The vocabulary.</param>
    /// <param name="prefix">What the right side of a merge loses when it is joined.</param>
    /// <param name="file">The file, for messages.</param>
    /// <param name="field">The list's name, for messages.</param>
    /// <param name="capacity">How many merges there will be at most.</param>
    public MergeReader(Dictionary<string, int> ids, string prefix, string file, string field, int capacity)
    {
        (_ids, _prefix, _file, _field) = (ids.GetAlternateLookup<ReadOnlySpan<char>>(), prefix, file, field);
        Merges = new MergeTable(capacity);
    }

    /// <summary>The merges so far.</summary>
    public MergeTable Merges { get; }

    /// <summary>Whether a merge makes a token that holds the mark for a space behind another character.</summary>
    public bool CrossesSeam { get; private set; }

    /// <summary>Adds "left right".</summary>
    public void Add(string line)
    {
        if (_rank == 0 && line.StartsWith("#version", StringComparison.Ordinal)) return;
        int space = FindSeparator(line);
        if (space < 0) throw Fault("Two tokens were expected.", $"\"{line}\"");
        Add(line.AsSpan(0, space), line.AsSpan(space + 1));
    }

    /// <summary>Adds a pair.</summary>
    public void Add(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        if (!_ids.TryGetValue(left, out int leftId)) throw Unknown(left);
        if (!_ids.TryGetValue(right, out int rightId)) throw Unknown(right);
        if (right.Length < _prefix.Length) throw Fault("The right token is shorter than the prefix of continuations.", $"\"{right}\"");
        ReadOnlySpan<char> rest = right[_prefix.Length..];
        int length = left.Length + rest.Length;
        if (length > _joined.Length) _joined = new char[length * 2];
        left.CopyTo(_joined);
        rest.CopyTo(_joined.AsSpan(left.Length));
        ReadOnlySpan<char> joined = _joined.AsSpan(0, length);
        if (!_ids.TryGetValue(joined, out int product)) throw Unknown(joined);
        Merges.Set(leftId, rightId, _rank++, product);
        CrossesSeam |= Crosses(joined);
    }

    /// <summary>Whether a token holds the mark for a space after another character, so that words may not be cut before it.</summary>
    public static bool Crosses(ReadOnlySpan<char> token)
    {
        int run = token.IndexOfAnyExcept('▁');
        return run >= 0 && token[run..].Contains('▁');
    }

    /// <summary>A fault of the merge that would come next.</summary>
    public ModelFormatException Fault(string problem, string found) =>
        new(problem, _file, $"{_field}[{_rank.ToString(CultureInfo.InvariantCulture)}]", found: found,
            supported: "\"left right\" or [\"left\", \"right\"] of tokens whose join is a token too");

    /// <summary>The space between the two tokens; tokens that hold spaces themselves are told by the vocabulary.</summary>
    private int FindSeparator(string line)
    {
        int first = line.IndexOf(' ', StringComparison.Ordinal), last = line.LastIndexOf(' ');
        if (first == last) return first;
        for (int tries = 0, space = line.IndexOf(' ', 1); space >= 0 && tries < MaxSeparators; tries++, space = line.IndexOf(' ', space + 1))
            if (_ids.ContainsKey(line.AsSpan(0, space)) && _ids.ContainsKey(line.AsSpan(space + 1)))
                return space;
        return -1;
    }

    private ModelFormatException Unknown(ReadOnlySpan<char> token) => Fault("A merge needs a token that is not in the vocabulary.", $"\"{token}\"");
}
