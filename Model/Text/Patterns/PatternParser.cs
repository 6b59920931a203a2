using System.Globalization;
using System.Text;

namespace Switchyard.Model.Text;

/// <summary>Reads the regular expressions of tokenizer files: Oniguruma's Ruby syntax, as far as tokenizers use it.</summary>
/// <remarks>Back-references, conditionals, calls and look-behind of more than one code point are refused by name.</remarks>
internal sealed class PatternParser
{
    private const int MaxDepth = 40;
    private const int MaxRepeat = 1000;
    private const int MaxRepeatedRepeats = 4;
    private readonly int[] _text;
    private int _at;
    private int _depth;

    private PatternParser(string pattern) => _text = [.. pattern.EnumerateRunes().Select(rune => rune.Value)];

    private bool AtEnd => _at >= _text.Length;

    private int Current => _at < _text.Length ? _text[_at] : -1;

    /// <summary>Parses a pattern.</summary>
    /// <exception cref="PatternException">The pattern is malformed or uses something unsupported.</exception>
    public static PatternNode Parse(string pattern)
    {
        var parser = new PatternParser(pattern);
        PatternNode node = parser.ParseBranches(ignoreCase: false);
        return parser.AtEnd ? node : throw parser.Fault("a ')' without its '('");
    }

    private PatternNode ParseBranches(bool ignoreCase)
    {
        if (++_depth > MaxDepth) throw Fault($"groups nested deeper than {MaxDepth}");
        var branches = new List<PatternNode> { ParseSequence(ignoreCase) };
        while (Take('|')) branches.Add(ParseSequence(ignoreCase));
        _depth--;
        return branches.Count == 1 ? branches[0] : new BranchNode(branches);
    }

    private SequenceNode ParseSequence(bool ignoreCase)
    {
        var parts = new List<PatternNode>();
        while (!AtEnd && Current is not ('|' or ')'))
        {
            if (TakeFlagsForTheRest(ref ignoreCase))
            {
                parts.Add(ParseBranches(ignoreCase));
                break;
            }
            parts.Add(ParseRepeats(ParseAtom(ignoreCase)));
        }
        return new SequenceNode(parts);
    }

    private PatternNode ParseRepeats(PatternNode part)
    {
        for (int repeats = 0; !AtEnd; repeats++)
        {
            int min, max;
            bool counted = false;
            if (Take('*')) (min, max) = (0, -1);
            else if (Take('+')) (min, max) = (1, -1);
            else if (Take('?')) (min, max) = (0, 1);
            else if (TakeCount(out min, out max)) counted = true;
            else break;
            if (part is LookAheadNode or LookBehindNode or AnchorNode) throw Fault("a repeated assertion");
            if (repeats == MaxRepeatedRepeats) throw Fault($"more than {MaxRepeatedRepeats} repeats of one part");
            if (Take('?')) part = new RepeatNode(part, min, max, IsLazy: true);
            // After a count, Ruby's syntax reads '+' as one more repeat, not as possessive.
            else if (!counted && Take('+')) part = new AtomicNode(new RepeatNode(part, min, max, IsLazy: false));
            else part = new RepeatNode(part, min, max, IsLazy: false);
        }
        return part;
    }

    private bool TakeCount(out int min, out int max)
    {
        (min, max) = (0, 0);
        if (Current != '{') return false;
        int start = _at++;
        bool hasMin = TakeNumber(out min);
        if (Take(',')) max = TakeNumber(out int upper) ? upper : hasMin ? -1 : -2;
        else max = hasMin ? min : -2;
        if (max == -2 || !Take('}'))
        {
            _at = start;
            return false;
        }
        if (min > MaxRepeat || max > MaxRepeat) throw Fault($"a repeat of more than {MaxRepeat}");
        if (max >= 0 && max < min) throw Fault("a repeat whose upper count is below its lower");
        return true;
    }

    private bool TakeNumber(out int value)
    {
        value = 0;
        int start = _at;
        for (; Current is >= '0' and <= '9'; _at++) value = Math.Min((value * 10) + (Current - '0'), 1_000_000);
        return _at > start;
    }

    private PatternNode ParseAtom(bool ignoreCase)
    {
        int c = Next();
        return c switch
        {
            '(' => ParseGroup(ignoreCase),
            '[' => new SetNode(ParseClass(ignoreCase)),
            '.' => new SetNode(Not(CodePointSet.Of('\n'))),
            '^' => new AnchorNode(PatternOp.LineStart),
            '$' => new AnchorNode(PatternOp.LineEnd),
            '\\' => ParseEscape(ignoreCase),
            '*' or '+' or '?' => throw Fault("a repeat without anything to repeat"),
            _ => new SetNode(CodePointSet.Of(c, ignoreCase)),
        };
    }

    private PatternNode ParseGroup(bool ignoreCase)
    {
        if (!Take('?')) return Close(ParseBranches(ignoreCase));
        if (Take(':')) return Close(ParseBranches(ignoreCase));
        if (Take('=')) return new LookAheadNode(Close(ParseBranches(ignoreCase)), IsNegative: false);
        if (Take('!')) return new LookAheadNode(Close(ParseBranches(ignoreCase)), IsNegative: true);
        if (Take('>')) return new AtomicNode(Close(ParseBranches(ignoreCase)));
        if (Take('<'))
        {
            if (Take('=')) return LookBehind(Close(ParseBranches(ignoreCase)), isNegative: false);
            if (Take('!')) return LookBehind(Close(ParseBranches(ignoreCase)), isNegative: true);
            while (Next() != '>') continue;
            return Close(ParseBranches(ignoreCase));
        }
        if (!TakeFlags(ref ignoreCase) || !Take(':')) throw Fault("a group of an unsupported kind");
        return Close(ParseBranches(ignoreCase));
    }

    private LookBehindNode LookBehind(PatternNode part, bool isNegative)
    {
        while (part is SequenceNode { Parts.Count: 1 } sequence) part = sequence.Parts[0];
        return part is SetNode set ? new LookBehindNode(set.Set, isNegative) : throw Fault("a look-behind of other than one character");
    }

    private PatternNode Close(PatternNode node) => Take(')') ? node : throw Fault("a '(' without its ')'");

    /// <summary>Takes <c>(?i)</c>, which holds to the end of the group around it.</summary>
    private bool TakeFlagsForTheRest(ref bool ignoreCase)
    {
        if (Current != '(' || _at + 1 >= _text.Length || _text[_at + 1] != '?') return false;
        int start = _at;
        bool flag = ignoreCase;
        _at += 2;
        if (TakeFlags(ref flag) && Take(')'))
        {
            ignoreCase = flag;
            return true;
        }
        _at = start;
        return false;
    }

    private bool TakeFlags(ref bool ignoreCase)
    {
        int start = _at;
        bool value = true;
        for (; Current is 'i' or '-'; _at++)
        {
            if (Current == '-') value = false;
            else ignoreCase = value;
        }
        return _at > start;
    }

    private PatternNode ParseEscape(bool ignoreCase)
    {
        PatternOp? anchor = Current switch
        {
            'A' => PatternOp.TextStart,
            'z' => PatternOp.TextEnd,
            'Z' => PatternOp.TextEndOrLineFeed,
            'b' => PatternOp.WordBoundary,
            'B' => PatternOp.NotWordBoundary,
            _ => null,
        };
        if (anchor is PatternOp op)
        {
            _at++;
            return new AnchorNode(op);
        }
        return new SetNode(ParseClassEscape(ignoreCase) ?? CodePointSet.Of(ParseCharEscape(inClass: false), ignoreCase));
    }

    /// <summary>A class escape after the backslash, or null when an escape of one character follows.</summary>
    private CodePointSet? ParseClassEscape(bool ignoreCase)
    {
        if (Current is 'p' or 'P') return ParseProperty(ignoreCase);
        CodePointSet? set = Current switch
        {
            's' => CodePointClasses.Space(),
            'S' => Not(CodePointClasses.Space()),
            'd' => CodePointClasses.Digit(),
            'D' => Not(CodePointClasses.Digit()),
            'w' => CodePointClasses.Word(),
            'W' => Not(CodePointClasses.Word()),
            _ => null,
        };
        if (set is not null) _at++;
        return set;
    }

    private CodePointSet ParseProperty(bool ignoreCase)
    {
        bool negated = Next() == 'P';
        var name = new StringBuilder();
        if (Take('{'))
        {
            if (Take('^')) negated = !negated;
            while (Current != '}' && name.Length < 64) name.Append(new Rune(Next()));
            if (!Take('}')) throw Fault("a property name without its '}'");
        }
        else name.Append(new Rune(Next()));
        CodePointSet set = CodePointClasses.Named(name.ToString())
            ?? throw new PatternException($"The property \\p{{{name}}} is not supported. Supported: {CodePointClasses.Supported}");
        if (!ignoreCase) return negated ? Not(set) : set;
        var folded = new CodePointSet { IgnoresCase = true, IsNegated = negated };
        folded.Add(set);
        return folded;
    }

    private int ParseCharEscape(bool inClass)
    {
        int c = Next();
        switch (c)
        {
            case 't': return '\t';
            case 'n': return '\n';
            case 'r': return '\r';
            case 'f': return '\f';
            case 'v': return '\v';
            case 'a': return '\a';
            case 'e': return 27;
            case 'b' when inClass: return '\b';
            case 'u': return ParseHex(4, 4);
            case 'x':
                if (!Take('{')) return ParseHex(1, 2);
                int value = ParseHex(1, 8);
                return Take('}') ? value : throw Fault("a hexadecimal escape without its '}'");
            case '0' when Current is not (>= '0' and <= '7'): return 0;
            default:
                if (c < 128 && char.IsAsciiLetterOrDigit((char)c)) throw Fault($"the escape \\{(char)c}");
                return c;
        }
    }

    private int ParseHex(int min, int max)
    {
        long value = 0;
        int count = 0;
        for (; count < max && Current is >= '0' and <= '9' or >= 'a' and <= 'f' or >= 'A' and <= 'F'; count++)
            value = (value * 16) + int.Parse(((char)Next()).ToString(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (count < min || !Rune.IsValid(value > int.MaxValue ? -1 : (int)value)) throw Fault("a hexadecimal escape that names no character");
        return (int)value;
    }

    private CodePointSet ParseClass(bool ignoreCase)
    {
        if (++_depth > MaxDepth) throw Fault($"classes nested deeper than {MaxDepth}");
        bool negated = Take('^');
        var set = new CodePointSet { IgnoresCase = ignoreCase };
        CodePointSet whole = set;
        for (bool first = true; first || Current != ']'; first = false)
        {
            if (AtEnd) throw Fault("a '[' without its ']'");
            if (Current == '&' && _at + 1 < _text.Length && _text[_at + 1] == '&')
            {
                _at += 2;
                var right = new CodePointSet { IgnoresCase = ignoreCase };
                var both = new CodePointSet();
                both.Add(whole);
                both.IntersectWith(right);
                (whole, set) = (both, right);
                continue;
            }
            ParseClassItem(set, ignoreCase);
        }
        _at++;
        _depth--;
        if (!negated) return whole;
        var outside = new CodePointSet { IsNegated = true };
        outside.Add(whole);
        return outside;
    }

    private void ParseClassItem(CodePointSet set, bool ignoreCase)
    {
        if (Take('['))
        {
            set.Add(Current == ':' ? ParsePosix() : ParseClass(ignoreCase));
            return;
        }
        int first = Next();
        if (first == '\\')
        {
            if (ParseClassEscape(ignoreCase) is CodePointSet part)
            {
                set.Add(part);
                return;
            }
            first = ParseCharEscape(inClass: true);
        }
        if (Current != '-' || _at + 1 >= _text.Length || _text[_at + 1] is ']' or '[')
        {
            set.Add(first, first);
            return;
        }
        _at++;
        int last = Next();
        if (last == '\\')
        {
            if (Current is 's' or 'S' or 'd' or 'D' or 'w' or 'W' or 'p' or 'P') throw Fault("a class as the end of a range");
            last = ParseCharEscape(inClass: true);
        }
        if (last < first) throw Fault("a range whose end comes before its start");
        set.Add(first, last);
    }

    private CodePointSet ParsePosix()
    {
        _at++;
        bool negated = Take('^');
        var name = new StringBuilder();
        while (Current is >= 'a' and <= 'z') name.Append((char)Next());
        if (!Take(':') || !Take(']')) throw Fault("a bracket class without its ':]'");
        CodePointSet set = CodePointClasses.Posix(name.ToString()) ?? throw Fault($"the bracket class [:{name}:]");
        return negated ? Not(set) : set;
    }

    private static CodePointSet Not(CodePointSet set)
    {
        set.IsNegated = !set.IsNegated;
        return set;
    }

    private int Next() => _at < _text.Length ? _text[_at++] : throw Fault("an end where more was needed");

    private bool Take(int c)
    {
        if (Current != c) return false;
        _at++;
        return true;
    }

    private PatternException Fault(string what) =>
        new($"The pattern has {what}, at character {_at}. Supported: classes, \\p{{..}}, groups, (?i:..), | * + ? {{n,m}}, lazy and possessive repeats, "
            + @"(?=..) (?!..), one-character (?<=.) (?<!.), ^ $ \A \z \b");
}
