namespace Switchyard.Strategies.Auto;

/// <summary>What a plain step takes, by the last of them: the price of a token.</summary>
/// <remarks>
/// Too high a price makes everything else look good, and slow moments are common, fast ones are not. So of the first two steps of an
/// account the shorter counts, later the mean without outliers. Allocates nothing.
/// </remarks>
internal sealed class PlainPrice
{
    private const int Remembered = 16;
    private const double Outlier = 1.5; // times the median

    private readonly double[] _steps = new double[Remembered], _sorted = new double[Remembered];
    private int _next;

    /// <summary>Steps since the account began, as many as are remembered.</summary>
    public int Steps { get; private set; }

    /// <summary>The price; that of the last account before the first step of this one.</summary>
    public double Seconds { get; private set; }

    /// <summary>Other requests come in, with contexts of their own.</summary>
    public void Begin() => (Steps, _next) = (0, 0);

    /// <summary>Learns from a step.</summary>
    public void Add(double seconds)
    {
        _steps[_next] = seconds;
        _next = (_next + 1) % Remembered;
        Steps = Math.Min(Steps + 1, Remembered);
        Span<double> sorted = _sorted.AsSpan(0, Steps);
        _steps.AsSpan(0, Steps).CopyTo(sorted);
        sorted.Sort();
        if (Steps < 3)
        {
            Seconds = sorted[0];
            return;
        }
        double most = Outlier * sorted[Steps / 2], sum = 0;
        foreach (double step in sorted) sum += Math.Min(step, most);
        Seconds = sum / Steps;
    }
}
