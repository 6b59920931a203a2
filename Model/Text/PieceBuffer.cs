namespace Switchyard.Model.Text;

/// <summary>A text cut into pieces, while pre-tokenizers work on it. Owned by one encoding at a time.</summary>
/// <remarks>A step reads <see cref="Text"/> and <see cref="Pieces"/>, writes new pieces (and new text), and commits.</remarks>
internal sealed class PieceBuffer
{
    private const int LargestKept = 1 << 18;
    private char[] _text = new char[256];
    private char[] _newText = new char[256];
    private int _length;
    private int _newLength;

    /// <summary>The text.</summary>
    public ReadOnlySpan<char> Text => _text.AsSpan(0, _length);

    /// <summary>What a step has appended so far.</summary>
    public ReadOnlySpan<char> NewText => _newText.AsSpan(0, _newLength);

    /// <summary>Where each piece begins and ends in the text.</summary>
    public List<(int Start, int End)> Pieces { get; private set; } = [];

    /// <summary>The pieces a step makes.</summary>
    public List<(int Start, int End)> NewPieces { get; private set; } = [];

    /// <summary>Where a step collects matches.</summary>
    public List<(int Start, int End)> Matches { get; } = [];

    /// <summary>The first piece begins where the whole input does.</summary>
    public bool StartsInput { get; set; }

    /// <summary>Starts over with one piece.</summary>
    public void Load(ReadOnlySpan<char> text, bool startsInput)
    {
        Pieces.Clear();
        NewPieces.Clear();
        if (_text.Length < text.Length) _text = new char[text.Length];
        text.CopyTo(_text);
        (_length, _newLength, StartsInput) = (text.Length, 0, startsInput);
        if (text.Length > 0) Pieces.Add((0, text.Length));
    }

    /// <summary>Appends to the new text.</summary>
    public void Append(char c)
    {
        if (_newLength == _newText.Length) Array.Resize(ref _newText, _newText.Length * 2);
        _newText[_newLength++] = c;
    }

    /// <summary>Appends to the new text.</summary>
    public void Append(ReadOnlySpan<char> text)
    {
        int length = _newLength + text.Length;
        if (length > _newText.Length) Array.Resize(ref _newText, Math.Max(length, _newText.Length * 2));
        text.CopyTo(_newText.AsSpan(_newLength));
        _newLength = length;
    }

    /// <summary>Makes everything appended since a place one new piece, unless it is empty.</summary>
    public void EndPiece(int start)
    {
        if (_newLength > start) NewPieces.Add((start, _newLength));
    }

    /// <summary>The new pieces, of the same text, take the place of the old.</summary>
    public void CommitPieces()
    {
        (Pieces, NewPieces) = (NewPieces, Pieces);
        NewPieces.Clear();
    }

    /// <summary>The new text and pieces take the place of the old.</summary>
    public void CommitText()
    {
        CommitPieces();
        (_text, _newText) = (_newText, _text);
        (_length, _newLength) = (_newLength, 0);
    }

    /// <summary>Lets go of what one long text needed.</summary>
    public void Trim()
    {
        if (_text.Length > LargestKept) _text = new char[256];
        if (_newText.Length > LargestKept) _newText = new char[256];
        foreach (List<(int Start, int End)> list in (ReadOnlySpan<List<(int Start, int End)>>)[Pieces, NewPieces, Matches])
        {
            list.Clear();
            if (list.Capacity > LargestKept) list.Capacity = 0;
        }
        (_length, _newLength) = (0, 0);
    }
}
