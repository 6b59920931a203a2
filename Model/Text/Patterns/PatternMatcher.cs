using System.Runtime.InteropServices;
using System.Text;

namespace Switchyard.Model.Text;

/// <summary>Finds a pattern's matches by backtracking that is linear in the text. Reused by one thread at a time.</summary>
/// <remarks>
/// Without back-references, whether an instruction can succeed at a place does not depend on how it was reached. Plain
/// backtracking runs first; once it has taken more steps than a small multiple of the text, every branching instruction that
/// failed at a place is remembered for the rest of the text, across matches and starting points, and so is every success
/// inside a look-ahead or atomic group. Each pair of instruction and place is then explored at most once.
/// </remarks>
/// <param name="program">What to run.</param>
/// <param name="stepsPerChar">Steps for each UTF-16 unit before failures are remembered.</param>
/// <param name="freeSteps">Steps besides.</param>
internal sealed class PatternMatcher(PatternProgram program, int stepsPerChar = 32, int freeSteps = 1024)
{
    private const int Failed = -1;
    private const int GaveUp = -2;
    private const int LargestKeptStack = 1 << 16;
    private readonly PatternOp[] _ops = program.Ops;
    private readonly int[] _x = program.X;
    private readonly int[] _y = program.Y;
    private readonly CodePointSet[] _sets = program.Sets;
    private Choice[] _stack = new Choice[64];
    private int _stackCount;
    private long _steps;
    private MatchMemo? _memo;
    private int _depth;

    /// <summary>Steps taken by the latest search.</summary>
    public long StepCount => _steps;

    /// <summary>Appends the matches in a text, in order, as Oniguruma's iteration finds them: empty ones too, but none right behind a match.</summary>
    public void FindAll(ReadOnlySpan<char> text, List<(int Start, int End)> matches)
    {
        (_steps, _memo) = (0, null);
        int from = 0, lastEnd = -1;
        while (from <= text.Length)
        {
            (int start, int end) = Search(text, from);
            if (start < 0) break;
            if (start == end && end == lastEnd)
            {
                from = end + (end < text.Length ? WidthAt(text, end) : 1);
                continue;
            }
            matches.Add((start, end));
            from = lastEnd = end;
        }
        _memo = null;
        if (_stack.Length > LargestKeptStack) _stack = new Choice[64];
    }

    private (int Start, int End) Search(ReadOnlySpan<char> text, int from)
    {
        PatternProgram.FirstSet first = program.First[0];
        for (int start = from; start <= text.Length; start += start < text.Length ? WidthAt(text, start) : 1)
        {
            if (!first.Allows(text, start)) continue;
            int end = Run(text, 0, start);
            if (end == GaveUp)
            {
                _memo = new MatchMemo(program.BranchCount, text.Length);
                (_stackCount, _depth) = (0, 0);
                end = Run(text, 0, start);
            }
            if (end >= 0) return (start, end);
        }
        return (-1, -1);
    }

    /// <summary>Runs from an instruction to its Match; the end of what matched, Failed, or GaveUp.</summary>
    private int Run(ReadOnlySpan<char> text, int pc, int at)
    {
        int stackBase = _stackCount, trailBase = _memo?.TrailCount ?? 0;
        long limit = _memo is null ? (stepsPerChar * (long)text.Length) + freeSteps : long.MaxValue;
        while (true)
        {
            if (++_steps > limit) return GaveUp;
            bool ok;
            switch (_ops[pc])
            {
                case PatternOp.Set:
                    ok = TryConsume(text, _sets[_x[pc]], ref at);
                    pc++;
                    break;
                case PatternOp.Jump:
                    pc = _x[pc];
                    continue;
                case PatternOp.Match:
                    _stackCount = stackBase;
                    _memo?.Succeed(trailBase, at, keep: _depth > 0);
                    return at;
                case PatternOp.Split or PatternOp.Loop:
                    if (_memo is not null && !_memo.Enter(program.Branches[pc], at, _depth > 0, out int known))
                    {
                        if (known >= 0)
                        {
                            _stackCount = stackBase;
                            _memo.Succeed(trailBase, known, keep: true);
                            return known;
                        }
                        ok = false;
                    }
                    else ok = Branch(text, ref pc, ref at);
                    break;
                case PatternOp.LookAhead or PatternOp.LookAheadNot or PatternOp.Atomic:
                    int end = RunPart(text, pc + 1, at);
                    if (end == GaveUp) return GaveUp;
                    ok = (end >= 0) != (_ops[pc] == PatternOp.LookAheadNot);
                    if (ok && _ops[pc] == PatternOp.Atomic) at = end;
                    pc = _x[pc];
                    break;
                default:
                    ok = Holds(text, pc, at);
                    pc++;
                    break;
            }
            if (ok) continue;
            if (Back(text, stackBase, ref pc, ref at)) continue;
            _memo?.Forget(trailBase);
            return Failed;
        }
    }

    private int RunPart(ReadOnlySpan<char> text, int pc, int at)
    {
        _depth++;
        int end = Run(text, pc, at);
        _depth--;
        return end;
    }

    private bool Branch(ReadOnlySpan<char> text, ref int pc, ref int at)
    {
        if (_ops[pc] == PatternOp.Split)
        {
            int x = _x[pc], y = _y[pc];
            bool canX = program.First[x].Allows(text, at), canY = program.First[y].Allows(text, at);
            if (canX && canY) Push(y, at, at);
            pc = canX ? x : y;
            return canX || canY;
        }
        CodePointSet set = _sets[_x[pc]];
        int start = at;
        if (_memo is null)
        {
            while (TryConsume(text, set, ref at)) _steps++;
            pc++;
            if (at > start) Push(pc, at, start);
            return true;
        }
        // One code point at a time, so that every place inside the run is remembered.
        if (TryConsume(text, set, ref at)) Push(pc + 1, start, start);
        else pc++;
        return true;
    }

    /// <summary>Takes the latest choice; false when none is left above the base.</summary>
    private bool Back(ReadOnlySpan<char> text, int stackBase, ref int pc, ref int at)
    {
        while (_stackCount > stackBase)
        {
            ref Choice choice = ref _stack[_stackCount - 1];
            pc = choice.Pc;
            _memo?.Forget(choice.Trail);
            if (choice.At == choice.Least)
            {
                at = choice.At;
                _stackCount--;
                return true;
            }
            // A loop that took a run gives back one code point at a time.
            at = choice.At - 1;
            if (at > choice.Least && char.IsLowSurrogate(text[at]) && char.IsHighSurrogate(text[at - 1])) at--;
            choice.At = at;
            _steps++;
            if (at == choice.Least) _stackCount--;
            if (program.First[pc].Allows(text, at)) return true;
        }
        return false;
    }

    private void Push(int pc, int at, int least)
    {
        if (_stackCount == _stack.Length) Array.Resize(ref _stack, _stack.Length * 2);
        _stack[_stackCount++] = new Choice(pc, at, least, _memo?.TrailCount ?? 0);
    }

    private bool Holds(ReadOnlySpan<char> text, int pc, int at) => _ops[pc] switch
    {
        PatternOp.LineStart => at == 0 || text[at - 1] == '\n',
        PatternOp.LineEnd => at == text.Length || text[at] == '\n',
        PatternOp.TextStart => at == 0,
        PatternOp.TextEnd => at == text.Length,
        PatternOp.TextEndOrLineFeed => at == text.Length || (at == text.Length - 1 && text[at] == '\n'),
        PatternOp.LookBehind => at > 0 && _sets[_x[pc]].Contains(Before(text, at)),
        PatternOp.LookBehindNot => at == 0 || !_sets[_x[pc]].Contains(Before(text, at)),
        PatternOp.WordBoundary => IsWordBoundary(text, at),
        _ => !IsWordBoundary(text, at),
    };

    private static bool IsWordBoundary(ReadOnlySpan<char> text, int at)
    {
        bool before = at > 0 && WordCharacters.Contains(Before(text, at));
        return before != (at < text.Length && WordCharacters.Contains(At(text, at)));
    }

    private static readonly CodePointSet WordCharacters = CodePointClasses.Word();

    private static bool TryConsume(ReadOnlySpan<char> text, CodePointSet set, ref int at)
    {
        if (at >= text.Length) return false;
        char c = text[at];
        if (!char.IsSurrogate(c))
        {
            if (!set.Contains(c)) return false;
            at++;
            return true;
        }
        if (!set.Contains(At(text, at))) return false;
        at += WidthAt(text, at);
        return true;
    }

    private static int At(ReadOnlySpan<char> text, int at) =>
        char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1])
            ? char.ConvertToUtf32(text[at], text[at + 1])
            : text[at];

    private static int WidthAt(ReadOnlySpan<char> text, int at) =>
        char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;

    private static int Before(ReadOnlySpan<char> text, int at) =>
        at > 1 && char.IsLowSurrogate(text[at - 1]) && char.IsHighSurrogate(text[at - 2])
            ? char.ConvertToUtf32(text[at - 2], text[at - 1])
            : text[at - 1];

    /// <summary>Where to go on after a failure: an instruction, and a place between At and Least.</summary>
    [StructLayout(LayoutKind.Auto)]
    private record struct Choice(int Pc, int At, int Least, int Trail);
}
