namespace Switchyard.Strategies.Auto;

/// <summary>What a plain step takes, by the last of them: the price of a token.</summary>
/// <remarks>
/// <para>Too high a price makes everything else look good. Slow moments are common and fast ones are not; and a step is slower where it does
/// not follow its like: after a prompt the first few are, after another strategy the first most of all. Such steps do not count, but for the first two of an account: before others are known the shorter of them is the price, as
/// far as first steps were dearer in earlier accounts. Later it is the mean without outliers.</para>
/// <para>Too low a price hides what pays, and while another strategy is in use plain steps are seldom and soon old: the context has grown
/// since. They count as what they would take now, by how much steps grew with every token in this and earlier accounts. Allocates nothing.</para>
/// </remarks>
internal sealed class PlainPrice
{
    /// <summary>Steps by which an account is first priced.</summary>
    public const int FirstSteps = 2;

    private const int Remembered = 16, AfterPrompt = 4, AfterOthers = 1; // steps that do not count
    private const int RepriceEvery = 8; // tokens: it grows little in these, and is to be on the low side
    private const double Outlier = 1.5; // times the median
    private const double LeastShare = 0.5;
    private const int MostAccounts = 8; // that what first steps are worth rests on

    private readonly (double Seconds, long At)[] _steps = new (double, long)[Remembered];
    private readonly double[] _sorted = new double[Remembered];
    private readonly StepGrowth _growth = new();
    private int _next, _count, _settling = AfterPrompt, _accounts;
    private double _first; // the shorter of the first two
    private double _share = 1; // what later steps took of that
    private bool _dropped;
    private long _pricedAt = -1; // what the price was found for last, and the answer
    private double _priced;

    /// <summary>Steps since the account began, counted or not.</summary>
    public int Steps { get; private set; }

    /// <summary>Other requests come in, with contexts of their own.</summary>
    public void Begin()
    {
        _growth.Begin();
        (Steps, _next, _count, _settling, _dropped) = (0, 0, 0, AfterPrompt, false);
        (_pricedAt, _priced) = (-1, 0);
    }

    /// <summary>Learns from a step.</summary>
    /// <param name="seconds">Its time.</param>
    /// <param name="follows">Whether the step before it was one of the same kind.</param>
    /// <param name="at">Tokens since the account began.</param>
    /// <returns>Whether it counts.</returns>
    public bool Add(double seconds, bool follows, long at)
    {
        if (!follows && Steps > 0 && !_dropped) _settling = AfterOthers;
        _dropped = !follows && Steps > 0 && !_dropped;
        Steps++;
        _pricedAt = -1;
        if (Steps <= FirstSteps) _first = Steps == 1 ? seconds : Math.Min(_first, seconds);
        if (_settling > 0)
        {
            _settling--;
            return false;
        }
        Count(seconds, at);
        return true;
    }

    /// <summary>The price of a token.</summary>
    /// <param name="at">Tokens since the account began.</param>
    /// <returns>Seconds; 0 before the first step of all, and what first steps of the last account took before the first of this one.</returns>
    public double At(long at)
    {
        if (_pricedAt < 0 || at >= _pricedAt + RepriceEvery) (_pricedAt, _priced) = (at, Compute(at));
        return _priced;
    }

    private double Compute(long at)
    {
        double guess = _share * _first * _growth.Between(0, at);
        if (_count == 0) return guess;
        Span<double> sorted = _sorted.AsSpan(0, _count);
        for (int i = 0; i < _count; i++) sorted[i] = _steps[i].Seconds * _growth.Between(_steps[i].At, at);
        if (_count == 1) return Math.Min(guess, sorted[0]);
        sorted.Sort();
        if (_count == 2) return Math.Clamp(guess, sorted[0], sorted[1]);
        double most = Outlier * sorted[_count / 2], sum = 0;
        foreach (double step in sorted) sum += Math.Min(step, most);
        return sum / _count;
    }

    private void Count(double seconds, long at)
    {
        _growth.Add(Math.Min(seconds, Outlier * (_priced > 0 ? _priced : Compute(at))), at);
        _steps[_next] = (seconds, at);
        _next = (_next + 1) % Remembered;
        _count = Math.Min(_count + 1, Remembered);
        if (_count != FirstSteps) return;
        double settled = 0;
        for (int i = 0; i < FirstSteps; i++) settled += _steps[i].Seconds / _growth.Between(0, _steps[i].At) / FirstSteps;
        _accounts = Math.Min(_accounts + 1, MostAccounts);
        _share += (Math.Clamp(settled / _first, LeastShare, 1) - _share) / _accounts;
    }
}
