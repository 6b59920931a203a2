namespace Switchyard.Model.Text;

/// <summary>Cuts text into the pieces within which tokens are formed.</summary>
internal interface IPreTokenizer
{
    /// <summary>Cuts every piece further, or rewrites it.</summary>
    void Apply(PieceBuffer buffer);
}

/// <summary>Several pre-tokenizers, one after another.</summary>
internal sealed class SequencePreTokenizer(IReadOnlyList<IPreTokenizer> parts) : IPreTokenizer
{
    public void Apply(PieceBuffer buffer)
    {
        foreach (IPreTokenizer part in parts) part.Apply(buffer);
    }
}

/// <summary>What becomes of the places where a splitting pattern matches.</summary>
internal enum SplitBehavior
{
    /// <summary>They are dropped.</summary>
    Removed,

    /// <summary>Each is a piece.</summary>
    Isolated,

    /// <summary>Each ends the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>Each begins the piece after it.</summary>
    MergedWithNext,

    /// <summary>Neighbouring ones form one piece.</summary>
    Contiguous,
}

/// <summary>Splits pieces at a pattern's matches, or with <paramref name="invert"/> at what lies between them.</summary>
internal sealed class SplitPreTokenizer(CodePointPattern pattern, SplitBehavior behavior, bool invert) : IPreTokenizer
{
    public void Apply(PieceBuffer buffer)
    {
        PatternMatcher matcher = pattern.Rent();
        for (int i = 0; i < buffer.Pieces.Count; i++)
        {
            (int start, int end) = buffer.Pieces[i];
            buffer.Matches.Clear();
            matcher.FindAll(buffer.Text[start..end], buffer.Matches);
            int first = buffer.NewPieces.Count;
            Split(buffer, start, end);
            if (i == 0 && (buffer.NewPieces.Count == first || buffer.NewPieces[first].Start != start)) buffer.StartsInput = false;
        }
        pattern.Return(matcher);
        buffer.CommitPieces();
    }

    private void Split(PieceBuffer buffer, int start, int end)
    {
        // The open piece is what a later segment may still be joined to.
        (int Start, int End) open = (start, start);
        bool wasMatch = false;
        int last = start;
        foreach ((int matchStart, int matchEnd) in buffer.Matches)
        {
            if (start + matchStart > last) Add(buffer, ref open, ref wasMatch, last, start + matchStart, invert);
            Add(buffer, ref open, ref wasMatch, start + matchStart, start + matchEnd, !invert);
            last = start + matchEnd;
        }
        if (last < end) Add(buffer, ref open, ref wasMatch, last, end, invert);
        Close(buffer, open);
    }

    private void Add(PieceBuffer buffer, ref (int Start, int End) open, ref bool wasMatch, int start, int end, bool isMatch)
    {
        bool joins = behavior switch
        {
            SplitBehavior.Contiguous => isMatch == wasMatch,
            SplitBehavior.MergedWithPrevious => isMatch && !wasMatch,
            SplitBehavior.MergedWithNext => wasMatch && !isMatch,
            _ => false,
        };
        wasMatch = isMatch;
        if (joins)
        {
            open.End = end;
            return;
        }
        Close(buffer, open);
        open = isMatch && behavior == SplitBehavior.Removed ? (end, end) : (start, end);
    }

    private static void Close(PieceBuffer buffer, (int Start, int End) open)
    {
        if (open.End > open.Start) buffer.NewPieces.Add(open);
    }
}

/// <summary>Puts a space in front of pieces that have none, and spells bytes as letters.</summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, CodePointPattern? split) : IPreTokenizer
{
    private readonly SplitPreTokenizer? _split = split is null ? null : new(split, SplitBehavior.Isolated, invert: false);

    public void Apply(PieceBuffer buffer)
    {
        if (addPrefixSpace) AddSpaces(buffer);
        _split?.Apply(buffer);
        foreach ((int start, int end) in buffer.Pieces)
        {
            int from = buffer.NewText.Length;
            ByteLetters.Spell(buffer.Text[start..end], buffer);
            buffer.EndPiece(from);
        }
        buffer.CommitText();
    }

    private static void AddSpaces(PieceBuffer buffer)
    {
        foreach ((int start, int end) in buffer.Pieces)
        {
            int from = buffer.NewText.Length;
            if (buffer.Text[start] != ' ') buffer.Append(' ');
            buffer.Append(buffer.Text[start..end]);
            buffer.EndPiece(from);
        }
        buffer.CommitText();
    }
}

/// <summary>Which pieces get the mark that stands for a space put in front.</summary>
internal enum PrependScheme
{
    /// <summary>None.</summary>
    Never,

    /// <summary>The one that begins the input.</summary>
    First,

    /// <summary>All.</summary>
    Always,
}

/// <summary>Writes spaces as a mark and splits before each.</summary>
internal sealed class MetaspacePreTokenizer(string mark, PrependScheme scheme, bool split) : IPreTokenizer
{
    private readonly SplitPreTokenizer? _split = split ? new(CodePointPattern.Literal(mark), SplitBehavior.MergedWithNext, invert: false) : null;

    public void Apply(PieceBuffer buffer)
    {
        bool startsInput = buffer.StartsInput;
        for (int i = 0; i < buffer.Pieces.Count; i++)
        {
            (int start, int end) = buffer.Pieces[i];
            ReadOnlySpan<char> piece = buffer.Text[start..end];
            int from = buffer.NewText.Length;
            bool prepends = scheme == PrependScheme.Always || (scheme == PrependScheme.First && i == 0 && startsInput);
            if (prepends && piece[0] != ' ' && !piece.StartsWith(mark, StringComparison.Ordinal)) buffer.Append(mark);
            foreach (char c in piece)
            {
                if (c == ' ') buffer.Append(mark);
                else buffer.Append(c);
            }
            buffer.EndPiece(from);
        }
        buffer.CommitText();
        _split?.Apply(buffer);
    }
}
