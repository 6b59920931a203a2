namespace Switchyard.Strategies.Auto;

/// <summary>What a plain step takes, by the last of them: the price of a token.</summary>
/// <remarks>
/// Too high a price makes everything else look good. Slow moments are common and fast ones are not; and a step is slower where it does
/// not follow its like: after a prompt the first few are (by a third, a sixth, a tenth and less where steps take a millisecond), after another strategy
/// the first is. Such steps do not count, but for the first two of an account: before others are known the shorter of them is the price, as
/// far as first steps were dearer in earlier accounts. Later it is the mean without outliers. Allocates nothing.
/// </remarks>
internal sealed class PlainPrice
{
    /// <summary>Steps by which an account is first priced.</summary>
    public const int FirstSteps = 2;

    private const int Remembered = 16, AfterPrompt = 4, AfterOthers = 1; // steps that do not count
    private const double Outlier = 1.5; // times the median
    private const double LeastShare = 0.5;
    private const int MostAccounts = 8; // that what first steps are worth rests on

    private readonly double[] _steps = new double[Remembered], _sorted = new double[Remembered];
    private int _next, _count, _settling = AfterPrompt, _accounts;
    private double _first; // the shorter of the first two
    private double _share = 1; // what later steps took of that
    private bool _dropped;

    /// <summary>Steps since the account began, counted or not.</summary>
    public int Steps { get; private set; }

    /// <summary>The price; that of the last account before the first step of this one.</summary>
    public double Seconds { get; private set; }

    /// <summary>Other requests come in, with contexts of their own.</summary>
    public void Begin() => (Steps, _next, _count, _settling, _dropped) = (0, 0, 0, AfterPrompt, false);

    /// <summary>Learns from a step.</summary>
    /// <param name="seconds">Its time.</param>
    /// <param name="follows">Whether the step before it was one of the same kind.</param>
    /// <returns>Whether it counts.</returns>
    public bool Add(double seconds, bool follows)
    {
        if (!follows && Steps > 0 && !_dropped) _settling = AfterOthers;
        _dropped = !follows && Steps > 0 && !_dropped;
        Steps++;
        if (Steps <= FirstSteps) _first = Steps == 1 ? seconds : Math.Min(_first, seconds);
        bool counts = _settling == 0;
        if (counts) Count(seconds);
        else _settling--;
        Seconds = Price();
        return counts;
    }

    private void Count(double seconds)
    {
        _steps[_next] = seconds;
        _next = (_next + 1) % Remembered;
        _count = Math.Min(_count + 1, Remembered);
        if (_count != FirstSteps) return;
        double share = Math.Clamp((_steps[0] + _steps[1]) / (FirstSteps * _first), LeastShare, 1);
        _accounts = Math.Min(_accounts + 1, MostAccounts);
        _share += (share - _share) / _accounts;
    }

    private double Price()
    {
        if (_count == 0) return _share * _first;
        if (_count == 1) return Math.Min(_share * _first, _steps[0]);
        Span<double> sorted = _sorted.AsSpan(0, _count);
        _steps.AsSpan(0, _count).CopyTo(sorted);
        sorted.Sort();
        if (_count == 2) return sorted[0];
        double most = Outlier * sorted[_count / 2], sum = 0;
        foreach (double step in sorted) sum += Math.Min(step, most);
        return sum / _count;
    }
}
