namespace Switchyard.Experiments.Measuring;

/// <summary>A median with the interval that a sign test does not reject at 5 %.</summary>
/// <param name="Median">The median.</param>
/// <param name="Low">The lower end: an order statistic.</param>
/// <param name="High">The upper end.</param>
internal readonly record struct MedianInterval(double Median, double Low, double High)
{
    private const double Tail = 0.025;

    /// <summary>Of independent values, whatever their distribution; of fewer than six it is their whole range.</summary>
    public static MedianInterval Of(IReadOnlyCollection<double> values)
    {
        double[] sorted = [.. values.Order()];
        int n = sorted.Length, cut = 0;
        double chance = Math.Pow(0.5, n), below = chance; // of 0 … cut values on one side of the median
        while (below <= Tail && cut < n / 2)
        {
            chance *= (double)(n - cut) / (cut + 1);
            below += chance;
            cut++;
        }
        int at = Math.Max(0, cut - 1);
        return new MedianInterval(Contest.Median(sorted), sorted[at], sorted[n - 1 - at]);
    }
}
