namespace Switchyard.Strategies.Auto;

/// <summary>
/// Whether a text repeats itself at the moment: how many of its latest tokens are what followed the latest earlier occurrence of the
/// few tokens before them.
/// </summary>
/// <remarks>Only looks on: one place in a small table a token. A probe of lookup is worth its price where copies go on. Allocates nothing after it was made.</remarks>
internal sealed class CopyWatch
{
    private const int Length = 4; // tokens compared; fewer agree by chance
    private const int Places = 1024; // a power of two
    private const double Keep = 7.0 / 8;

    private readonly int[] _ends = new int[Places]; // by hash of the tokens before: the place after them
    private int _length, _copied = -1;

    /// <summary>Share of the latest tokens that were foretold, recent ones first.</summary>
    public double Share { get; private set; }

    /// <summary>Looks on.</summary>
    /// <param name="tokens">The whole text, which only ever grows.</param>
    public void Follow(ReadOnlySpan<int> tokens)
    {
        for (; _length < tokens.Length; _length++)
        {
            bool right = _copied >= 0 && tokens[_copied] == tokens[_length];
            Share = Keep * Share + (right ? 1 - Keep : 0);
            _copied = right ? _copied + 1 : -1;
            if (_length + 1 < Length) continue;
            ReadOnlySpan<int> last = tokens.Slice(_length + 1 - Length, Length);
            ref int end = ref _ends[Hash(last)];
            if (_copied < 0 && end >= Length && tokens.Slice(end - Length, Length).SequenceEqual(last)) _copied = end;
            end = _length + 1;
        }
    }

    private static int Hash(ReadOnlySpan<int> tokens)
    {
        uint hash = 0;
        foreach (int token in tokens) hash = (hash ^ (uint)token) * 0x9E3779B1;
        return (int)(hash >> 16) & (Places - 1);
    }
}
