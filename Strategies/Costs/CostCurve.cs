namespace Switchyard.Strategies.Costs;

/// <summary>
/// The measured times of one layer range at batch 1, guesses where nothing is measured yet, and corrections by batch and rows
/// from passes that were run in earnest.
/// </summary>
internal sealed class CostCurve
{
    private const int Buckets = 12; // by powers of two
    private const double OutlierFactor = 3;

    private readonly double[] _guess;      // [contexts, rows] seconds
    private readonly double[] _samples;    // [contexts, rows, repetitions] seconds
    private readonly int[] _counts;        // [contexts, rows]
    private readonly double[] _correction; // [batch bucket, row bucket] factors
    private readonly int[] _rows;
    private readonly int _repetitions;

    public CostCurve(int contextStep, int[] rows, double[] guess, int repetitions)
    {
        (_guess, _rows, _repetitions) = (guess, rows, repetitions);
        (_samples, _counts, _correction) = (new double[guess.Length * repetitions], new int[guess.Length], new double[Buckets * Buckets]);
        Array.Fill(_correction, 1);
        Table = new CostTable(contextStep, rows, guess);
    }

    /// <summary>Times at batch 1.</summary>
    public CostTable Table { get; }

    /// <summary>Grid points still to be measured.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Whether anything was measured.</summary>
    public bool HasMeasurements { get; private set; }

    /// <summary>Seconds of a pass; never more than those of a larger one up to the largest measured, whatever corrections were learned at some sizes and not at others.</summary>
    public double Seconds(int batch, int context, int rows)
    {
        ReadOnlySpan<double> factors = _correction.AsSpan(Bucket(batch) * Buckets, Buckets);
        int own = Bucket(batch * rows), last = Bucket(_rows[^1]);
        double seconds = Table.Seconds(context, batch * rows) * factors[own];
        for (int larger = own + 1; larger <= last; larger++) seconds = Math.Min(seconds, Table.Seconds(context, 1 << larger) * factors[larger]);
        return seconds;
    }

    /// <summary>Moves the correction of a batch size and a number of rows toward what a pass really took, and those of other numbers after it.</summary>
    public void Observe(int batch, int context, int rows, double seconds, double weight)
    {
        if (!(seconds > 0) || double.IsInfinity(seconds)) return;
        Span<double> factors = _correction.AsSpan(Bucket(batch) * Buckets, Buckets);
        int at = Bucket(batch * rows);
        double seen = Math.Clamp(seconds / Table.Seconds(context, batch * rows), factors[at] / OutlierFactor, factors[at] * OutlierFactor);
        for (int i = 0; i < Buckets; i++) factors[i] += weight * Math.ScaleB(1, -2 * Math.Abs(i - at)) * (seen - factors[i]); // passes of other sizes are not run while they look dear: they follow
    }

    /// <summary>The next point to measure: contexts up to <paramref name="contexts"/> first at few rows, then at many.</summary>
    public bool Next(int contexts, out int context, out int row)
    {
        for (row = 0; row < _rows.Length; row++)
            for (context = 0; context < Math.Min(contexts, Table.ContextCount); context++)
                if (_counts[context * _rows.Length + row] < _repetitions) return true;
        (context, row) = (0, 0);
        IsComplete = true;
        return false;
    }

    /// <summary>Takes one timed pass.</summary>
    public void Add(int context, int row, double seconds)
    {
        int at = context * _rows.Length + row;
        if (!(seconds > 0) || _counts[at] == _repetitions) return;
        Span<double> samples = _samples.AsSpan(at * _repetitions, _repetitions);
        samples[_counts[at]++] = seconds;
        samples[.._counts[at]].Sort();
        HasMeasurements = true;
        IsComplete = false;
        Refill();
    }

    /// <summary>The measured seconds of a point; 0 where nothing is measured.</summary>
    public double Measured(int context, int row)
    {
        int at = context * _rows.Length + row;
        return _counts[at] == 0 ? 0 : _samples[at * _repetitions + (_counts[at] - 1) / 2];
    }

    /// <summary>Takes what an earlier run measured, as if it had been timed now.</summary>
    public void Restore(ReadOnlySpan<double> seconds)
    {
        for (int at = 0; at < _guess.Length; at++)
        {
            if (!(seconds[at] > 0) || double.IsInfinity(seconds[at])) continue;
            _samples.AsSpan(at * _repetitions, _repetitions).Fill(seconds[at]);
            _counts[at] = _repetitions;
            HasMeasurements = true;
        }
        Refill();
    }

    // Points that nobody measured follow the guess, scaled as the nearest measured point of their context, or of any, was off.
    private void Refill()
    {
        double any = 1;
        for (int context = 0; context < Table.ContextCount; context++)
        {
            double scale = any;
            for (int row = 0; row < _rows.Length; row++)
            {
                double measured = Measured(context, row), guess = _guess[context * _rows.Length + row];
                if (measured > 0) (scale, any) = (measured / guess, measured / guess);
                Table.Set(context, row, measured > 0 ? measured : guess * scale);
            }
        }
    }

    private static int Bucket(int count) => Math.Min(Buckets - 1, int.Log2(Math.Max(1, count)));
}
