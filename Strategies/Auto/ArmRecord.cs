namespace Switchyard.Strategies.Auto;

/// <summary>What one strategy showed at one batch size.</summary>
internal sealed class ArmRecord(int firstProbe)
{
    private const double Keep = 63.0 / 64, KeepLately = 11.0 / 12, KeepLongest = 31.0 / 32;
    private const double Remembered = 8; // steps that the past counts for when a probe begins
    private const double Margin = 1.15, LargestRise = 2; // one step that is many times longer than any other says more of the machine than of the strategy

    private double _plainSeconds, _seconds, _weight, _latePlain, _lateSeconds, _longest, _usual;

    /// <summary>Plain time over time spent, recent steps first; 1 before the first.</summary>
    public double Paid => _seconds > 0 ? _plainSeconds / _seconds : 1;

    /// <summary>Likewise, of about the last dozen steps.</summary>
    public double PaidLately => _lateSeconds > 0 ? _latePlain / _lateSeconds : 1;

    /// <summary>Tokens it emitted.</summary>
    public long Tokens { get; private set; }

    /// <summary>Steps that <see cref="Paid"/> rests on.</summary>
    public double Weight => _weight;

    /// <summary>Steps measured.</summary>
    public int Steps { get; private set; }

    /// <summary>Tokens between probes, as it stands.</summary>
    public int Interval { get; private set; } = firstProbe;

    /// <summary>The count of tokens at which it is probed next.</summary>
    public long ProbeAt { get; private set; }

    /// <summary>The longest step in units of a plain step, recent ones first, with a margin; NaN before the first.</summary>
    public double LongestInPlainSteps => _longest > 0 ? _longest : double.NaN;

    /// <summary>Lets what was measured before weigh little: a probe is to tell of now.</summary>
    public void BeginProbe()
    {
        double share = _weight > Remembered ? Remembered / _weight : 1;
        (_plainSeconds, _seconds, _weight) = (_plainSeconds * share, _seconds * share, _weight * share);
        (_latePlain, _lateSeconds) = (0, 0);
    }

    public void Measure(double plainSeconds, double seconds, int tokens)
    {
        (_plainSeconds, _seconds, _weight) = (_plainSeconds * Keep + plainSeconds, _seconds * Keep + seconds, _weight * Keep + 1);
        (_latePlain, _lateSeconds) = (_latePlain * KeepLately + plainSeconds, _lateSeconds * KeepLately + seconds);
        Tokens += tokens;
        Steps++;
    }

    /// <summary>Notes how long a step was, measured or not.</summary>
    public void NoteLength(double inPlainSteps)
    {
        double rise = _longest > 0 ? LargestRise * _longest : double.PositiveInfinity;
        _usual = _usual > 0 ? _usual + (Math.Min(inPlainSteps, rise) - _usual) / 8 : inPlainSteps;
        _longest = Math.Max(Math.Min(Margin * inPlainSteps, rise), _longest * KeepLongest);
    }

    /// <summary>It did not pay: the probe after the next is further away.</summary>
    public void BackOff(long now, int last, int factor = 2)
    {
        ProbeAt = now + Interval;
        Interval = Math.Min(factor * Interval, last);
    }

    /// <summary>It pays: should it stop paying, it is probed again soon.</summary>
    public void Reward(long now, int first)
    {
        Interval = first;
        ProbeAt = now + first;
    }

    /// <summary>It could not be probed now; nothing is learned from that.</summary>
    public void Postpone(long now, int tokens) => ProbeAt = now + tokens;

    /// <summary>The ledger cannot bear its longest step: the longest that were seen are forgotten by and by, down to the usual.</summary>
    public void ForgetLongest() => _longest = Math.Max(Margin * _usual, _longest * KeepLongest);
}
