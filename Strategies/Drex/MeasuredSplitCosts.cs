namespace Switchyard.Strategies.Drex;

/// <summary>Costs learned while running: by stage the mean of passes of as many rows, leaning on a line through all of them; older ones count less.</summary>
/// <remarks>
/// Kernels take rows in tiles, so times by rows are steps rather than a line: sizes that were seen speak for themselves, others are
/// read off the line. Before the first pass of a stage, times are proportional to its layers, so that ratios are right. Nothing is
/// allocated after construction.
/// </remarks>
public sealed class MeasuredSplitCosts : ISplitCosts
{
    private const int Sizes = 65;             // rows up to 64 have a mean of their own
    private const double Memory = 0.99;       // weight of a pass on the line after the next one
    private const double SizeMemory = 0.9;    // weight of a pass after the next one of as many rows
    private const double LineWeight = 1;      // passes that the line counts for, beside those of a size
    private const double Patience = 500;      // passes of the stage after which half of a size's weight is gone
    private const double PriorFixed = 1e-3;   // seconds a layer takes for any rows, until measured
    private const double PriorPerRow = 1e-4;  // seconds a layer takes for each row, until measured

    private readonly double[] _layers, _weight, _rows, _rowsSquared, _seconds, _product; // [stages]
    private readonly (double Weight, double Mean, long Pass)[] _sizes;                   // [stages, Sizes]
    private readonly long[] _passes;                                                     // [stages]

    /// <summary>Makes costs that know nothing but how many layers each stage has.</summary>
    /// <param name="layersOfStage">Layers from each exit to the next, embedding first.</param>
    public MeasuredSplitCosts(ReadOnlySpan<int> layersOfStage)
    {
        int stages = layersOfStage.Length;
        (_layers, _weight, _rows, _rowsSquared, _seconds, _product) =
            (new double[stages], new double[stages], new double[stages], new double[stages], new double[stages], new double[stages]);
        (_sizes, _passes) = (new (double, double, long)[stages * Sizes], new long[stages]);
        for (int i = 0; i < stages; i++) _layers[i] = layersOfStage[i];
    }

    /// <inheritdoc/>
    public double Seconds(int stage, double rows)
    {
        if (rows <= 0) return 0;
        int low = (int)rows;
        double part = rows - low;
        if (low == 0 || low + 1 >= Sizes) return Line(stage, rows);
        double seconds = OfSize(stage, low);
        return part > 0 ? seconds + (part * (OfSize(stage, low + 1) - seconds)) : seconds;
    }

    /// <inheritdoc/>
    public void Record(int stage, int rows, double seconds)
    {
        if (rows <= 0 || !(seconds >= 0)) return;
        Fade(_weight, stage, 1);
        Fade(_rows, stage, rows);
        Fade(_rowsSquared, stage, (double)rows * rows);
        Fade(_seconds, stage, seconds);
        Fade(_product, stage, rows * seconds);
        _passes[stage]++;
        if (rows >= Sizes) return;
        ref (double Weight, double Mean, long Pass) size = ref _sizes[(stage * Sizes) + rows];
        double before = Remaining(stage, size.Weight, size.Pass) * SizeMemory;
        size = (before + 1, ((before * size.Mean) + seconds) / (before + 1), _passes[stage]);
    }

    private double OfSize(int stage, int rows)
    {
        (double weight, double mean, long pass) = _sizes[(stage * Sizes) + rows];
        double line = Line(stage, rows);
        if (weight == 0) return line;
        weight = Remaining(stage, weight, pass);
        return ((weight * mean) + (LineWeight * line)) / (weight + LineWeight);
    }

    private double Remaining(int stage, double weight, long pass) => weight / (1 + ((_passes[stage] - pass) / Patience));

    private double Line(int stage, double rows)
    {
        double weight = _weight[stage];
        if (weight == 0) return _layers[stage] * (PriorFixed + (PriorPerRow * rows));
        double meanRows = _rows[stage] / weight, mean = _seconds[stage] / weight;
        double variance = (_rowsSquared[stage] / weight) - (meanRows * meanRows);
        double slope = variance > 1e-3
            ? ((_product[stage] / weight) - (meanRows * mean)) / variance
            : mean * PriorPerRow / (PriorFixed + (PriorPerRow * meanRows));
        slope = Math.Clamp(slope, 0, mean / meanRows); // more rows never take less, and no rows take no less than nothing
        return mean + (slope * (rows - meanRows));
    }

    private static void Fade(double[] sums, int stage, double value) => sums[stage] = (sums[stage] * Memory) + value;
}
