namespace Switchyard.Model.Text;

/// <summary>A compiled pattern over code points. Any number of threads may use it.</summary>
internal sealed class CodePointPattern
{
    private readonly PatternProgram _program;
    private readonly Lock _gate = new();
    private readonly Stack<PatternMatcher> _idle = [];

    private CodePointPattern(PatternNode node) => _program = PatternProgram.Compile(node);

    /// <summary>Compiles a regular expression.</summary>
    /// <exception cref="PatternException">It is malformed or not supported.</exception>
    public static CodePointPattern Regex(string pattern) => new(PatternParser.Parse(pattern));

    /// <summary>Matches a text literally.</summary>
    public static CodePointPattern Literal(string text) =>
        new(new SequenceNode([.. text.EnumerateRunes().Select(rune => new SetNode(CodePointSet.Of(rune.Value)))]));

    /// <summary>Appends the matches in a text, in order.</summary>
    public void FindAll(ReadOnlySpan<char> text, List<(int Start, int End)> matches)
    {
        PatternMatcher matcher = Rent();
        matcher.FindAll(text, matches);
        Return(matcher);
    }

    /// <summary>A matcher for one thread, to be given back.</summary>
    public PatternMatcher Rent()
    {
        lock (_gate) return _idle.TryPop(out PatternMatcher? matcher) ? matcher : new PatternMatcher(_program);
    }

    /// <summary>Gives a matcher back.</summary>
    public void Return(PatternMatcher matcher)
    {
        lock (_gate) _idle.Push(matcher);
    }

    /// <summary>Replaces every match.</summary>
    public string Replace(string text, string content, GrowthLimit limit)
    {
        var matches = new List<(int Start, int End)>();
        FindAll(text, matches);
        if (matches.Count == 0) return text;
        limit.CheckOne(text.Length + matches.Sum(match => (long)content.Length - (match.End - match.Start)), text.Length);
        var result = new System.Text.StringBuilder(text.Length);
        int last = 0;
        foreach ((int start, int end) in matches)
        {
            result.Append(text, last, start - last).Append(content);
            last = end;
        }
        return result.Append(text, last, text.Length - last).ToString();
    }
}
