namespace Switchyard.Model.Text;

/// <summary>A parsed pattern.</summary>
internal abstract record PatternNode;

/// <summary>One code point out of a set.</summary>
internal sealed record SetNode(CodePointSet Set) : PatternNode;

/// <summary>One part after another.</summary>
internal sealed record SequenceNode(IReadOnlyList<PatternNode> Parts) : PatternNode;

/// <summary>The first branch that leads to a match.</summary>
internal sealed record BranchNode(IReadOnlyList<PatternNode> Branches) : PatternNode;

/// <summary>A part again and again; <paramref name="Max"/> below zero means without end.</summary>
internal sealed record RepeatNode(PatternNode Part, int Min, int Max, bool IsLazy) : PatternNode;

/// <summary>Whether a part matches here, consuming nothing.</summary>
internal sealed record LookAheadNode(PatternNode Part, bool IsNegative) : PatternNode;

/// <summary>Whether the code point before this place is in a set.</summary>
internal sealed record LookBehindNode(CodePointSet Set, bool IsNegative) : PatternNode;

/// <summary>A part whose first way of matching is final.</summary>
internal sealed record AtomicNode(PatternNode Part) : PatternNode;

/// <summary>A place in the text.</summary>
internal sealed record AnchorNode(PatternOp Anchor) : PatternNode;

/// <summary>What one instruction of a compiled pattern does.</summary>
internal enum PatternOp : byte
{
    /// <summary>Consume a code point of set X.</summary>
    Set,

    /// <summary>Try X, then Y.</summary>
    Split,

    /// <summary>Continue at X.</summary>
    Jump,

    /// <summary>Consume as many code points of set X as possible, then continue at the next instruction.</summary>
    Loop,

    /// <summary>The pattern, or the part of a look-ahead or atomic group, has matched.</summary>
    Match,

    /// <summary>The part that begins at the next instruction must match here; then continue at X.</summary>
    LookAhead,

    /// <summary>The part that begins at the next instruction must not match here; then continue at X.</summary>
    LookAheadNot,

    /// <summary>Consume what the part that begins at the next instruction matches first; then continue at X.</summary>
    Atomic,

    /// <summary>The code point before is in set X.</summary>
    LookBehind,

    /// <summary>The code point before is not in set X, or there is none.</summary>
    LookBehindNot,

    /// <summary>The text begins here or a line feed stands before.</summary>
    LineStart,

    /// <summary>The text ends here or a line feed follows.</summary>
    LineEnd,

    /// <summary>The text begins here.</summary>
    TextStart,

    /// <summary>The text ends here.</summary>
    TextEnd,

    /// <summary>The text ends here, or after one line feed.</summary>
    TextEndOrLineFeed,

    /// <summary>Exactly one neighbour is a word character.</summary>
    WordBoundary,

    /// <summary>Both neighbours are word characters, or neither is.</summary>
    NotWordBoundary,
}

/// <summary>A pattern that cannot be read or is not supported.</summary>
internal sealed class PatternException(string message) : FormatException(message);
