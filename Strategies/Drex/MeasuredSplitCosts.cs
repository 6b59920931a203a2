namespace Switchyard.Strategies.Drex;

/// <summary>Costs learned while running: per stage a line through the measured passes, older ones counting less.</summary>
/// <remarks>Before the first pass of a stage, times are proportional to its layers, so that ratios are right. Nothing is allocated after construction.</remarks>
public sealed class MeasuredSplitCosts : ISplitCosts
{
    private const double Memory = 0.99;       // weight of a pass after the next one
    private const double PriorFixed = 1e-3;   // seconds a layer takes for any rows, until measured
    private const double PriorPerRow = 1e-4;  // seconds a layer takes for each row, until measured

    private readonly double[] _fixedPrior, _weight, _rows, _rowsSquared, _seconds, _product;

    /// <summary>Makes costs that know nothing but how many layers each stage has.</summary>
    /// <param name="layersOfStage">Layers from each exit to the next, embedding first.</param>
    public MeasuredSplitCosts(ReadOnlySpan<int> layersOfStage)
    {
        int stages = layersOfStage.Length;
        (_fixedPrior, _weight, _rows, _rowsSquared, _seconds, _product) =
            (new double[stages], new double[stages], new double[stages], new double[stages], new double[stages], new double[stages]);
        for (int i = 0; i < stages; i++) _fixedPrior[i] = layersOfStage[i];
    }

    /// <inheritdoc/>
    public double Seconds(int stage, double rows)
    {
        if (rows <= 0) return 0;
        double weight = _weight[stage];
        if (weight == 0) return _fixedPrior[stage] * (PriorFixed + (PriorPerRow * rows));
        double meanRows = _rows[stage] / weight, mean = _seconds[stage] / weight;
        double variance = (_rowsSquared[stage] / weight) - (meanRows * meanRows);
        double slope = variance > 1e-3
            ? ((_product[stage] / weight) - (meanRows * mean)) / variance
            : mean * PriorPerRow / (PriorFixed + (PriorPerRow * meanRows));
        slope = Math.Clamp(slope, 0, mean / meanRows); // more rows never take less, and no rows take no less than nothing
        return mean + (slope * (rows - meanRows));
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
    }

    private static void Fade(double[] sums, int stage, double value) => sums[stage] = (sums[stage] * Memory) + value;
}
