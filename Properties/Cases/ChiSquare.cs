namespace Switchyard.Properties;

/// <summary>Pearson's test of counts against probabilities, with a bound that a right sampler passes in all but one of 10⁶ cases.</summary>
internal static class ChiSquare
{
    private const double Deviations = 4.75; // of a normal variable: one-sided 10⁻⁶

    /// <summary>Held, or the statistic that is too large. Tokens too rare for the approximation are taken together.</summary>
    public static Verdict Test(int[] counts, double[] probabilities, string what)
    {
        int draws = counts.Sum();
        double statistic = 0, rareExpected = 0, rareCount = 0;
        int cells = 0;
        for (int t = 0; t < counts.Length; t++)
        {
            double expected = probabilities[t] * draws;
            if (expected == 0 && counts[t] > 0) return Verdict.Broken($"{what}: token {t}, which is excluded, was drawn {counts[t]} times");
            if (expected < 8)
            {
                (rareExpected, rareCount) = (rareExpected + expected, rareCount + counts[t]);
                continue;
            }
            statistic += (counts[t] - expected) * (counts[t] - expected) / expected;
            cells++;
        }
        if (rareExpected >= 8)
        {
            statistic += (rareCount - rareExpected) * (rareCount - rareExpected) / rareExpected;
            cells++;
        }
        if (cells < 2) return Verdict.Held; // all but certain: nothing to compare
        double bound = Bound(cells - 1);
        return Verdict.Of(
            statistic <= bound,
            () => FormattableString.Invariant($"{what}: χ² = {statistic:F1} on {cells - 1} degrees of freedom, at most {bound:F1} is likely; drawn [{string.Join(", ", counts)}] of {draws}, expected [{string.Join(", ", probabilities.Select(p => FormattableString.Invariant($"{p * draws:F0}")))}]"));
    }

    /// <summary>Wilson and Hilferty's quantile.</summary>
    private static double Bound(int freedom)
    {
        double spread = 2.0 / (9 * freedom);
        return freedom * Math.Pow(1 - spread + Deviations * Math.Sqrt(spread), 3);
    }
}
