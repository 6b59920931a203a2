namespace Switchyard.Strategies.Auto;

/// <summary>How much longer plain steps become with every token of context, as a share: from the steps of earlier accounts, by least squares over the logarithms of their times.</summary>
/// <remarks>Taken on the low side: where it is not sure, the context did not matter. Allocates nothing.</remarks>
internal sealed class StepGrowth
{
    private const int FewSteps = 3, ShortSpan = 64;
    private const double Cautious = 0.9, Most = 0.002; // a token
    private const double FullSteps = 256, MostWeight = 0.25; // what one account is believed at most, and the steps for all of it

    private double _perToken, _n, _at, _log, _atAt, _atLog, _lastAt, _firstAt;

    /// <summary>Other requests come in: what the last ones showed is learned.</summary>
    public void Begin()
    {
        double spread = _n * _atAt - _at * _at;
        if (_n >= FewSteps && _lastAt - _firstAt >= ShortSpan && spread > 0)
        {
            double seen = Math.Clamp((_n * _atLog - _at * _log) / spread, 0, Most);
            _perToken += (seen - _perToken) * Math.Min(MostWeight, _n / FullSteps);
        }
        (_n, _at, _log, _atAt, _atLog) = (0, 0, 0, 0, 0);
    }

    /// <summary>Learns from a step.</summary>
    /// <param name="seconds">Its time, without what the machine added.</param>
    /// <param name="at">Tokens since the account began.</param>
    public void Add(double seconds, long at)
    {
        if (seconds <= 0) return;
        if (_n == 0) _firstAt = at;
        double log = Math.Log(seconds);
        (_n, _at, _log, _atAt, _atLog, _lastAt) = (_n + 1, _at + at, _log + log, _atAt + (double)at * at, _atLog + at * log, at);
    }

    /// <summary>A step's time over that of one earlier in the same account.</summary>
    /// <param name="from">Where the earlier one was, in tokens since the account began.</param>
    /// <param name="to">Where the later one is.</param>
    public double Between(long from, long to) => 1 + Cautious * _perToken * (to - from);
}
