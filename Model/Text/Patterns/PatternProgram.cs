namespace Switchyard.Model.Text;

/// <summary>A pattern as instructions for <see cref="PatternMatcher"/>. Immutable; any thread may run it.</summary>
internal sealed class PatternProgram
{
    private const int MaxLength = 4_000;
    private readonly List<PatternOp> _ops = [];
    private readonly List<int> _x = [];
    private readonly List<int> _y = [];
    private readonly List<CodePointSet> _sets = [];

    private PatternProgram(PatternNode node)
    {
        Emit(node);
        Add(PatternOp.Match);
        (Ops, X, Y, Sets) = ([.. _ops], [.. _x], [.. _y], [.. _sets]);
        Branches = new int[Ops.Length];
        for (int pc = 0; pc < Ops.Length; pc++)
            Branches[pc] = Ops[pc] is PatternOp.Split or PatternOp.Loop ? BranchCount++ : -1;
        First = FindFirst();
    }

    /// <summary>What each instruction does.</summary>
    public PatternOp[] Ops { get; }

    /// <summary>Each instruction's first operand.</summary>
    public int[] X { get; }

    /// <summary>Each instruction's second operand.</summary>
    public int[] Y { get; }

    /// <summary>The sets that operands name.</summary>
    public CodePointSet[] Sets { get; }

    /// <summary>The number of each branching instruction among its kind; -1 for the others.</summary>
    public int[] Branches { get; }

    /// <summary>How many instructions branch.</summary>
    public int BranchCount { get; }

    /// <summary>What may come first where each instruction begins: ASCII bits, whether anything else, whether nothing at all.</summary>
    public FirstSet[] First { get; }

    /// <summary>Compiles a pattern.</summary>
    /// <exception cref="PatternException">Its repeats make it too long.</exception>
    public static PatternProgram Compile(PatternNode node) => new(node);

    private void Emit(PatternNode node)
    {
        switch (node)
        {
            case SetNode set: Add(PatternOp.Set, AddSet(set.Set)); break;
            case AnchorNode anchor: Add(anchor.Anchor); break;
            case SequenceNode sequence:
                foreach (PatternNode part in sequence.Parts) Emit(part);
                break;
            case BranchNode branch: EmitBranches(branch); break;
            case RepeatNode repeat: EmitRepeat(repeat); break;
            case LookAheadNode look: EmitPart(look.IsNegative ? PatternOp.LookAheadNot : PatternOp.LookAhead, look.Part); break;
            case AtomicNode atomic: EmitPart(PatternOp.Atomic, atomic.Part); break;
            case LookBehindNode behind: Add(behind.IsNegative ? PatternOp.LookBehindNot : PatternOp.LookBehind, AddSet(behind.Set)); break;
        }
    }

    private void EmitBranches(BranchNode node)
    {
        var ends = new List<int>();
        for (int i = 0; i < node.Branches.Count - 1; i++)
        {
            int split = Add(PatternOp.Split);
            _x[split] = _ops.Count;
            Emit(node.Branches[i]);
            ends.Add(Add(PatternOp.Jump));
            _y[split] = _ops.Count;
        }
        Emit(node.Branches[^1]);
        foreach (int end in ends) _x[end] = _ops.Count;
    }

    private void EmitRepeat(RepeatNode node)
    {
        for (int i = 0; i < node.Min; i++) Emit(node.Part);
        if (node.Max < 0)
        {
            EmitStar(node);
            return;
        }
        var splits = new List<int>();
        for (int i = node.Min; i < node.Max; i++)
        {
            int split = Add(PatternOp.Split);
            splits.Add(split);
            Emit(node.Part);
        }
        foreach (int split in splits) Point(split, split + 1, _ops.Count, node.IsLazy);
    }

    private void EmitStar(RepeatNode node)
    {
        PatternNode part = node.Part;
        while (part is SequenceNode { Parts.Count: 1 } sequence) part = sequence.Parts[0];
        if (part is SetNode set && !node.IsLazy)
        {
            Add(PatternOp.Loop, AddSet(set.Set));
            return;
        }
        int split = Add(PatternOp.Split);
        Emit(part);
        Add(PatternOp.Jump, split);
        Point(split, split + 1, _ops.Count, node.IsLazy);
    }

    private void Point(int split, int more, int after, bool isLazy) => (_x[split], _y[split]) = isLazy ? (after, more) : (more, after);

    private void EmitPart(PatternOp op, PatternNode part)
    {
        int start = Add(op);
        Emit(part);
        Add(PatternOp.Match);
        _x[start] = _ops.Count;
    }

    private int Add(PatternOp op, int x = 0)
    {
        if (_ops.Count >= MaxLength) throw new PatternException($"The pattern's repeats make more than {MaxLength} steps.");
        _ops.Add(op);
        _x.Add(x);
        _y.Add(0);
        return _ops.Count - 1;
    }

    private int AddSet(CodePointSet set)
    {
        int index = _sets.Count > 0 && ReferenceEquals(_sets[^1], set) ? _sets.Count - 1 : _sets.Count;
        if (index == _sets.Count) _sets.Add(set);
        return index;
    }

    /// <summary>Works backwards to a fixed point; only loops need a second round.</summary>
    private FirstSet[] FindFirst()
    {
        var first = new FirstSet[Ops.Length];
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int pc = Ops.Length - 1; pc >= 0; pc--)
            {
                FirstSet value = Ops[pc] switch
                {
                    PatternOp.Set => FirstOf(Sets[X[pc]]),
                    PatternOp.Loop => FirstOf(Sets[X[pc]]).Or(first[pc + 1]),
                    PatternOp.Split => first[X[pc]].Or(first[Y[pc]]),
                    PatternOp.Jump or PatternOp.LookAhead or PatternOp.LookAheadNot => first[X[pc]],
                    PatternOp.Atomic => first[pc + 1].IsEmptyToo ? FirstSet.Anything : first[pc + 1],
                    PatternOp.Match => FirstSet.Anything,
                    _ => first[pc + 1],
                };
                if (value == first[pc]) continue;
                first[pc] = value;
                changed = true;
            }
        }
        return first;
    }

    private static FirstSet FirstOf(CodePointSet set)
    {
        (ulong low, ulong high) = set.AsciiBits();
        return new FirstSet(low, high, Other: true, IsEmptyToo: false);
    }

    /// <summary>What may come first.</summary>
    /// <param name="Low">Bits of code points 0 to 63.</param>
    /// <param name="High">Bits of code points 64 to 127.</param>
    /// <param name="Other">Code points beyond ASCII may.</param>
    /// <param name="IsEmptyToo">Anything may, even the end.</param>
    internal readonly record struct FirstSet(ulong Low, ulong High, bool Other, bool IsEmptyToo)
    {
        /// <summary>No constraint.</summary>
        public static readonly FirstSet Anything = new(ulong.MaxValue, ulong.MaxValue, true, true);

        /// <summary>Either.</summary>
        public FirstSet Or(FirstSet other) => new(Low | other.Low, High | other.High, Other || other.Other, IsEmptyToo || other.IsEmptyToo);

        /// <summary>Whether a match may begin with what stands at a place.</summary>
        public bool Allows(ReadOnlySpan<char> text, int at)
        {
            if (IsEmptyToo) return true;
            if (at >= text.Length) return false;
            char c = text[at];
            return c < 64 ? ((Low >> c) & 1) != 0 : c < 128 ? ((High >> (c - 64)) & 1) != 0 : Other;
        }
    }
}
