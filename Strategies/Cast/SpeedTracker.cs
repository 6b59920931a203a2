namespace Switchyard.Strategies.Cast;

/// <summary>
/// The measured speed of speculation in units of plain decoding, which is also the threshold that CAST's choices should have:
/// the tree that maximises tokens over time maximises tokens − C · time at C equal to that maximum (Dinkelbach).
/// </summary>
/// <remarks>While speculation loses, it pauses, and is tried again after 4, 8, … 256 steps; the slower it was, the later.</remarks>
public sealed class SpeedTracker
{
    private const double Weight = 0.05, TrialWeight = 0.2, Least = 1, Most = 10, First = 1.5, Stall = 4, Hopeless = 0.75;
    private const int ShortestPause = 4, LongestPause = 256, TrialSteps = 8, SettlingSteps = 3, FirstTrialSteps = 24, FirstPatience = 4, Patience = 2;

    private int _pause, _nextPause = ShortestPause, _trial = FirstTrialSteps, _hopeless, _settling;
    private double _tokens = First, _time = 1; // of a step, averages that forget; time in plain steps

    /// <summary>Tokens for the time that plain decoding takes for one, as an average that forgets.</summary>
    public double Speed => _tokens / _time;

    /// <summary>The threshold: <see cref="Speed"/> between 1 and 10.</summary>
    public double Threshold => Math.Clamp(Speed, Least, Most);

    /// <summary>Whether this step speculates; to be called once a step.</summary>
    public bool Speculates()
    {
        if (_pause == 0) return true;
        if (--_pause == 0) Try();
        return false;
    }

    /// <summary>Ends a pause; the first steps then do not count, since others worked meanwhile.</summary>
    public void Resume()
    {
        _settling = SettlingSteps;
        if (_pause == 0) return;
        _pause = 0;
        Try();
    }

    // A fair chance, without the past's weight.
    private void Try() => (_trial, _tokens, _time, _hopeless) = (TrialSteps, Least, 1, 0);

    /// <summary>Learns what a speculative step brought.</summary>
    /// <param name="tokens">Emitted tokens of a request, on average.</param>
    /// <param name="seconds">What the step took.</param>
    /// <param name="plainSeconds">What a plain step would have taken.</param>
    public void Observe(double tokens, double seconds, double plainSeconds)
    {
        double steps = seconds / plainSeconds, weight = _trial > 0 ? TrialWeight : Weight;
        if (!double.IsFinite(steps) || !(steps > 0)) return;
        if (_settling > 0)
        {
            _settling--;
            return;
        }
        // Tokens over time, not the mean of their ratios: a short step counts for less than a long one. A stall is not the tree's fault.
        _tokens += weight * (tokens - _tokens);
        _time += weight * (Math.Min(steps, Stall * Math.Max(1, _time)) - _time);
        if (_trial > 0)
        {
            _trial--;
            if (Speed >= Hopeless || ++_hopeless < (_nextPause == ShortestPause ? FirstPatience : Patience)) return; // a draft that is clearly slow is not tried for long
        }
        if (Speed >= Least) _nextPause = ShortestPause;
        else (_pause, _nextPause) = ((int)Math.Min(LongestPause, _nextPause / Math.Min(Speed, tokens / steps)), Math.Min(LongestPause, 2 * _nextPause)); // a trial that ended early averages little
    }
}
