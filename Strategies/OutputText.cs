using System.Buffers;
using System.Text;

namespace Switchyard.Strategies;

/// <summary>
/// The text of a request's output: bytes come in by tokens, whole characters go out, and nothing goes out that may yet
/// become part of a stop string.
/// </summary>
internal sealed class OutputText
{
    private readonly byte[][] _stops;
    private readonly int[][] _fallbacks; // [stop][matched]: the longest shorter match to go on with (Knuth, Morris and Pratt)
    private readonly int[] _matched;     // [stop]: how many bytes of it the text now ends with
    private byte[] _bytes = new byte[256];
    private int _length, _taken;

    public OutputText(IReadOnlyList<string> stopStrings)
    {
        _stops = new byte[stopStrings.Count][];
        _fallbacks = new int[stopStrings.Count][];
        _matched = new int[stopStrings.Count];
        for (int i = 0; i < _stops.Length; i++)
        {
            _stops[i] = Encoding.UTF8.GetBytes(stopStrings[i]);
            _fallbacks[i] = Fallbacks(_stops[i]);
        }
    }

    /// <summary>The whole text so far, what is held back included; cut before a stop string.</summary>
    public string Text => Encoding.UTF8.GetString(_bytes, 0, _length);

    /// <summary>Appends the bytes of one token. True when a stop string was completed: the text ends before it.</summary>
    public bool Append(ReadOnlySpan<byte> bytes)
    {
        if (_length + bytes.Length > _bytes.Length) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + bytes.Length));
        foreach (byte b in bytes)
        {
            _bytes[_length++] = b;
            int longest = 0;
            for (int i = 0; i < _stops.Length; i++)
                if (Advance(i, b)) longest = Math.Max(longest, _stops[i].Length);
            if (longest == 0) continue;
            _length -= longest;
            return true;
        }
        return false;
    }

    /// <summary>Takes the text that has become certain since the last call.</summary>
    /// <param name="final">Nothing follows: held-back text and an unfinished character, as U+FFFD, are taken too.</param>
    public string Take(bool final)
    {
        int end = final ? _length : Certain();
        if (end <= _taken) return "";
        string piece = Encoding.UTF8.GetString(_bytes, _taken, end - _taken);
        _taken = end;
        return piece;
    }

    private int Certain()
    {
        int held = 0;
        foreach (int matched in _matched) held = Math.Max(held, matched);
        int end = _length - held;
        for (int start = end - 1; start >= Math.Max(_taken, end - 3); start--)
            if (_bytes[start] >= 0xC0) // the last lead byte: does its character go on?
                return Rune.DecodeFromUtf8(_bytes.AsSpan(start, end - start), out _, out _) == OperationStatus.NeedMoreData ? start : end;
        return end;
    }

    private bool Advance(int stop, byte b)
    {
        byte[] bytes = _stops[stop];
        int matched = _matched[stop];
        while (matched > 0 && bytes[matched] != b) matched = _fallbacks[stop][matched];
        if (bytes[matched] == b) matched++;
        _matched[stop] = matched;
        return matched == bytes.Length;
    }

    private static int[] Fallbacks(byte[] stop)
    {
        var fallbacks = new int[stop.Length + 1];
        for (int i = 1, matched = 0; i < stop.Length; i++)
        {
            while (matched > 0 && stop[matched] != stop[i]) matched = fallbacks[matched];
            if (stop[matched] == stop[i]) matched++;
            fallbacks[i + 1] = matched;
        }
        return fallbacks;
    }
}
