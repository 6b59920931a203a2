namespace Switchyard.Strategies.Costs;

/// <summary>
/// The measured times of one layer range at batch 1, guesses where nothing is measured yet, and corrections by batch and rows
/// from passes that were run in earnest.
/// </summary>
/// <remarks>
/// A correction has two parts. One is shared by neighbouring sizes, because a machine that slows down does so for all; the other is
/// a size's own, because what three passes measured of it may be off by a tenth, which decides between sizes that differ by less.
/// </remarks>
internal sealed class CostCurve
{
    private const int Buckets = 12; // by powers of two
    private const int Sizes = 64; // rows in all, of every request, up to which each number has a correction of its own
    private const double OutlierFactor = 3, OwnStep = 1.25;
    private const double OwnMemory = 0.95; // weight of a pass after the next one of as many rows
    private const double SharedWeight = 2; // passes that the shared correction counts for, beside those of a size

    private readonly double[] _guess;      // [contexts, rows] seconds
    private readonly double[] _samples;    // [contexts, rows, repetitions] seconds
    private readonly int[] _counts;        // [contexts, rows]
    private readonly double[] _correction; // [batch bucket, row bucket] factors that neighbours share
    private readonly (double Weight, double Factor)[] _own; // [batch bucket, rows] beside them
    private readonly double[] _line = new double[Sizes + 1]; // seconds by rows, of the batch bucket and the context asked for last
    private readonly int[] _rows;
    private readonly int _repetitions;
    private (int Batch, int Context) _lineOf = (-1, -1);

    public CostCurve(int contextStep, int[] rows, double[] guess, int repetitions)
    {
        (_guess, _rows, _repetitions) = (guess, rows, repetitions);
        (_samples, _counts, _correction) = (new double[guess.Length * repetitions], new int[guess.Length], new double[Buckets * Buckets]);
        _own = new (double, double)[Buckets * (Sizes + 1)];
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
        if (batch * rows > Sizes) return AtLeastAsCheap(Bucket(batch), context, batch * rows);
        (int, int) line = (Bucket(batch), Table.Index(context));
        if (_lineOf != line) Fill(Bucket(batch), context);
        _lineOf = line;
        return _line[batch * rows];
    }

    /// <summary>Moves the corrections of a batch size and a number of rows toward what a pass really took, and those of other numbers after it.</summary>
    public void Observe(int batch, int context, int rows, double seconds, double weight)
    {
        if (!(seconds > 0) || double.IsInfinity(seconds)) return;
        int from = Bucket(batch), count = batch * rows, at = Bucket(count);
        Span<double> factors = _correction.AsSpan(from * Buckets, Buckets);
        double measured = seconds / Table.Seconds(context, count), seen = Math.Clamp(measured, factors[at] / OutlierFactor, factors[at] * OutlierFactor);
        for (int i = 0; i < Buckets; i++) factors[i] += weight * Math.ScaleB(1, -2 * Math.Abs(i - at)) * (seen - factors[i]); // passes of other sizes are not run while they look dear: they follow
        _lineOf = (-1, -1);
        if (count > Sizes || measured != seen) return;
        double own = Own(from, count);
        ref (double Weight, double Factor) size = ref _own[from * (Sizes + 1) + count];
        double before = size.Weight * OwnMemory;
        size = (before + 1, (before * size.Factor + Math.Clamp(seen / factors[at], own / OwnStep, own * OwnStep)) / (before + 1));
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

    private void Fill(int batch, int context)
    {
        double least = AtLeastAsCheap(batch, context, Sizes + 1);
        for (int count = Sizes; count > 0; count--) _line[count] = least = Math.Min(least, Corrected(batch, context, count));
    }

    private double AtLeastAsCheap(int batch, int context, int count)
    {
        double seconds = Corrected(batch, context, count);
        for (int larger = Bucket(count) + 1; larger <= Bucket(_rows[^1]); larger++) seconds = Math.Min(seconds, Corrected(batch, context, 1 << larger));
        return seconds;
    }

    private double Corrected(int batch, int context, int count) => Table.Seconds(context, count) * _correction[batch * Buckets + Bucket(count)] * Own(batch, count);

    private double Own(int batch, int count)
    {
        if (count > Sizes) return 1;
        (double weight, double factor) = _own[batch * (Sizes + 1) + count];
        return (weight * factor + SharedWeight) / (weight + SharedWeight);
    }

    // Points that nobody measured follow the guess, scaled as the nearest measured point of their context, or of any, was off.
    private void Refill()
    {
        _lineOf = (-1, -1);
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
