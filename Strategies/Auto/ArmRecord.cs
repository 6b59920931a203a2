namespace Switchyard.Strategies.Auto;

/// <summary>What one strategy showed at one batch size.</summary>
internal sealed class ArmRecord(int firstProbe)
{
    private const double Keep = 15.0 / 16, KeepLongest = 31.0 / 32;

    private double _plainSeconds, _seconds, _longest;

    /// <summary>Plain time over time spent, recent steps first; 1 before the first.</summary>
    public double Paid => _seconds > 0 ? _plainSeconds / _seconds : 1;

    /// <summary>Tokens it emitted.</summary>
    public long Tokens { get; private set; }

    /// <summary>Steps measured.</summary>
    public int Steps { get; private set; }

    /// <summary>Tokens between probes, as it stands.</summary>
    public int Interval { get; private set; } = firstProbe;

    /// <summary>The count of tokens at which it is probed next.</summary>
    public long ProbeAt { get; private set; }

    /// <summary>The longest step in units of a plain step, recent ones first, with a margin; NaN before the first.</summary>
    public double LongestInPlainSteps => _longest > 0 ? _longest : double.NaN;

    /// <summary>Lets what was measured before weigh little: a probe is to tell of now.</summary>
    public void BeginProbe() => (_plainSeconds, _seconds) = (_plainSeconds / 8, _seconds / 8);

    public void Measure(double plainSeconds, double seconds, int tokens)
    {
        (_plainSeconds, _seconds) = (_plainSeconds * Keep + plainSeconds, _seconds * Keep + seconds);
        Tokens += tokens;
        Steps++;
    }

    /// <summary>Notes how long a step was, measured or not.</summary>
    public void NoteLength(double inPlainSteps) => _longest = Math.Max(1.15 * inPlainSteps, _longest * KeepLongest);

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
}
