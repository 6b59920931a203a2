namespace Switchyard.Strategies.Drex;

/// <summary>
/// ART: split a batch iff more than (c / t_d)·b rows want to leave, where c = t_s + t_d − t_f is what a split costs (DREX,
/// arXiv:2512.15705, section on adaptive rebatching).
/// </summary>
/// <remarks>
/// As published, times are plain averages, looked at every 1,000 iterations, the factor multiplies the largest batch, and an
/// overhead of zero or less leaves the threshold where it was, at first half the batch: it can stay there for ever. Repaired,
/// averages fade, the factor is max(0, c) / t_d from the first three measurements on, and it multiplies the batch in hand.
/// </remarks>
/// <param name="maxRows">The largest batch.</param>
/// <param name="published">Exactly as published.</param>
public sealed class AdaptiveRebatchingThreshold(int maxRows, bool published = false)
{
    private const int Interval = 1000;   // iterations between two looks, as published
    private const double Memory = 0.98;

    private double _fullWeight, _fullSeconds, _shallowWeight, _shallowSeconds, _deepWeight, _deepSeconds;
    private double _factor;
    private bool _known;
    private int _iterations;

    /// <summary>c / t_d; 0 before it is known.</summary>
    public double Factor => _factor;

    /// <summary>Whether the three times have been seen.</summary>
    public bool IsKnown => _known;

    /// <summary>Rows that must be exceeded by those that want to leave.</summary>
    /// <param name="rows">Rows of the batch in hand.</param>
    public double Threshold(int rows) =>
        published ? (_factor > 0 ? maxRows * _factor : rows / 2)
        : _known ? _factor * rows : rows / 2;

    /// <summary>Takes the time of an iteration through every layer (t_f).</summary>
    public void RecordFull(double seconds)
    {
        Add(ref _fullWeight, ref _fullSeconds, seconds);
        Look();
    }

    /// <summary>Takes the time of an iteration that ended at the exit for some or all (t_s).</summary>
    public void RecordShallow(double seconds)
    {
        Add(ref _shallowWeight, ref _shallowSeconds, seconds);
        Look();
    }

    /// <summary>Takes the time of a flush (t_d).</summary>
    public void RecordDeep(double seconds)
    {
        Add(ref _deepWeight, ref _deepSeconds, seconds);
        Look();
    }

    private void Add(ref double weight, ref double sum, double seconds)
    {
        double keep = published ? 1 : Memory;
        (weight, sum) = ((weight * keep) + 1, (sum * keep) + seconds);
    }

    private void Look()
    {
        _iterations++;
        if (_fullWeight == 0 || _shallowWeight == 0 || _deepWeight == 0 || (published && _iterations % Interval != 0)) return;
        double deep = _deepSeconds / _deepWeight;
        double overhead = (_shallowSeconds / _shallowWeight) + deep - (_fullSeconds / _fullWeight);
        if (!(deep > 0) || (published && overhead <= 0)) return;
        (_factor, _known) = (Math.Max(0, overhead) / deep, true);
    }
}
