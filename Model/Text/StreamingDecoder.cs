using System.Buffers;
using System.Text;

namespace Switchyard.Model.Text;

/// <summary>Turns ids into text one by one. What it has returned never changes and never ends inside a character.</summary>
/// <remarks>
/// The texts returned by <see cref="Append"/> and the final <see cref="Flush"/>, joined, are what <see cref="ITokenizer.Decode"/>
/// returns for the same ids. One thread at a time.
/// </remarks>
public sealed class StreamingDecoder
{
    private readonly TokenTable _tokens;
    private readonly DecodingRules _rules;
    private readonly bool _skipsSpecial;
    private readonly bool _isContinuation;
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private readonly ArrayBufferWriter<char> _chars = new(64);
    private bool _isFirst;
    private int _stripLeft;
    private int _heldId = -1;
    private int _heldCount;

    internal StreamingDecoder(TokenTable tokens, DecodingRules rules, bool skipsSpecial, bool isContinuation)
    {
        (_tokens, _rules, _skipsSpecial, _isContinuation) = (tokens, rules, skipsSpecial, isContinuation);
        Reset();
    }

    /// <summary>Takes the next id.</summary>
    /// <returns>The text that is now certain; often empty while a character's bytes are incomplete.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    public string Append(int id)
    {
        _chars.ResetWrittenCount();
        Take(id);
        return Settle(isEnd: false);
    }

    /// <summary>Takes several ids.</summary>
    /// <returns>The text that is now certain.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public string Append(ReadOnlySpan<int> ids)
    {
        _chars.ResetWrittenCount();
        foreach (int id in ids) Take(id);
        return Settle(isEnd: false);
    }

    /// <summary>Ends the text: what was held back, with U+FFFD for bytes that never became a character. The decoder is then as new.</summary>
    public string Flush()
    {
        _chars.ResetWrittenCount();
        if (_heldId >= 0) Write(_heldId, isLast: true);
        WriteUtf8([], isEnd: true);
        string text = Settle(isEnd: true);
        Reset();
        return text;
    }

    /// <summary>Forgets everything taken so far.</summary>
    public void Reset()
    {
        _utf8.Reset();
        _isFirst = !_isContinuation;
        _stripLeft = _isContinuation ? 0 : _rules.StripStart;
        (_heldId, _heldCount) = (-1, 0);
    }

    private void Take(int id)
    {
        if (_tokens.String(id) is null || (_skipsSpecial && _tokens.IsSpecial(id))) return;
        if (_rules.WordSuffix.Length == 0)
        {
            Write(id, isLast: false);
            return;
        }
        // Whether a word's end is a space or the text's end shows only when the next token comes.
        if (_heldId >= 0) Write(_heldId, isLast: false);
        _heldId = id;
    }

    private void Write(int id, bool isLast)
    {
        if (_isFirst && _rules.FirstDiffers) WriteUtf8(_rules.BytesOf(_tokens.String(id)!, isFirst: true, isLast), isEnd: false);
        else
        {
            if (!_isFirst && _rules.JoinsWithSpaces) WriteUtf8(" "u8, isEnd: false);
            if (isLast) WriteUtf8(_rules.BytesOf(_tokens.String(id)!, isFirst: false, isLast: true), isEnd: false);
            else WriteUtf8(_tokens.Bytes(id), isEnd: false);
        }
        _isFirst = false;
    }

    private void WriteUtf8(ReadOnlySpan<byte> bytes, bool isEnd)
    {
        // Every byte gives at most one UTF-16 unit, and up to three may be pending from before.
        Span<char> chars = _chars.GetSpan(bytes.Length + 4);
        _chars.Advance(_utf8.GetChars(bytes, chars, flush: isEnd));
    }

    /// <summary>Drops what the rules strip at the ends, and holds back what may yet be dropped.</summary>
    private string Settle(bool isEnd)
    {
        ReadOnlySpan<char> text = _chars.WrittenSpan;
        while (_stripLeft > 0 && text.Length > 0)
        {
            _stripLeft = text[0] == _rules.StripCharacter ? _stripLeft - 1 : 0;
            if (text[0] != _rules.StripCharacter) break;
            text = text[1..];
        }
        if (_rules.StripEnd == 0) return text.ToString();

        // The held characters are all the same, so that a count is enough.
        int trailing = 0;
        while (trailing < text.Length && text[^(trailing + 1)] == _rules.StripCharacter) trailing++;
        int run = trailing == text.Length ? _heldCount + trailing : trailing;
        int held = Math.Min(run, _rules.StripEnd);
        string head = trailing == text.Length
            ? new string(_rules.StripCharacter, run - held)
            : string.Concat(new string(_rules.StripCharacter, _heldCount), text[..(text.Length - trailing)], new string(_rules.StripCharacter, trailing - held));
        _heldCount = isEnd ? 0 : held;
        return head;
    }
}
