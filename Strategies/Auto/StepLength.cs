namespace Switchyard.Strategies.Auto;

/// <summary>How long steps of one kind are, in plain steps: the longest but one of the last sixteen bounds the next, with a margin.</summary>
/// <remarks>The very longest says more of a busy machine than of the strategy. Allocates nothing.</remarks>
internal sealed class StepLength
{
    private const int Remembered = 16, Few = 4;
    private const double Margin = 1.15, Stall = 1.5, KeepLongest = 0.9; // a step longer than so many bounds was held up: plain decoding would have met that as well

    private readonly double[] _last = new double[Remembered];
    private int _count, _next;

    /// <summary>The longest that a step may take; NaN before the first was seen.</summary>
    public double Longest { get; private set; } = double.NaN;

    /// <summary>A step's length without what the machine added to it.</summary>
    public double WithoutStall(double length) => IsStall(length) ? Stall * Longest : length;

    /// <summary>Whether a step was held up.</summary>
    public bool IsStall(double length) => _count >= Few && length > Stall * Longest;

    /// <summary>Learns from a step.</summary>
    public void Note(double length)
    {
        _last[_next] = length;
        _next = (_next + 1) % Remembered;
        _count = Math.Min(_count + 1, Remembered);
        Update();
    }

    /// <summary>Forgets the longest, so that what was slow for a while gets another chance.</summary>
    public void Forget()
    {
        if (_count == 0) return;
        Span<double> known = _last.AsSpan(0, _count);
        double most = double.NegativeInfinity, least = double.PositiveInfinity;
        int at = 0;
        for (int i = 0; i < known.Length; i++)
        {
            if (known[i] > most) (most, at) = (known[i], i);
            least = Math.Min(least, known[i]);
        }
        known[at] = Math.Max(least, KeepLongest * most);
        Update();
    }

    private void Update()
    {
        double most = double.NegativeInfinity, second = double.NegativeInfinity;
        foreach (double length in _last.AsSpan(0, _count))
        {
            if (length > most) (most, second) = (length, most);
            else if (length > second) second = length;
        }
        Longest = Margin * (_count == 1 ? most : second);
    }
}
