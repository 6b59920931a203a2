using Switchyard.Strategies.Costs;
using Xunit;

namespace Switchyard.Tests.Costs;

public sealed class CostCurveTests
{
    private static readonly int[] Rows = [1, 2, 4, 8, 16, 32, 64];

    [Fact]
    public void A_smaller_pass_is_never_dearer_than_a_larger_one_whatever_corrections_came()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            CostCurve curve = Curve();
            for (int i = random.Next(40); i >= 0; i--)
            {
                int batch = random.Next(1, 5), rows = random.Next(1, 24), context = random.Next(64);
                curve.Observe(batch, context, rows, curve.Seconds(batch, context, rows) * Math.Exp(4 * random.NextDouble() - 2), 0.5);
            }
            for (int batch = 1; batch <= 4; batch++)
                for (int rows = 1; (rows + 1) * batch < 128; rows++)
                    Assert.True(curve.Seconds(batch, 10, rows) <= curve.Seconds(batch, 10, rows + 1), $"seed {seed}: {rows} rows of {batch} requests are dearer than {rows + 1}");
        }
    }

    [Fact]
    public void A_large_pass_that_turned_out_cheap_makes_smaller_ones_no_dearer()
    {
        CostCurve curve = Curve();
        double eight = curve.Seconds(1, 10, 8);
        for (int i = 0; i < 50; i++) curve.Observe(1, 10, 8, eight / 4, 0.5);
        Assert.Equal(eight / 4, curve.Seconds(1, 10, 8), 1e-3 * eight);
        Assert.True(curve.Seconds(1, 10, 7) <= curve.Seconds(1, 10, 8));
    }

    // A second a row and one for each pass, twice that at the second context.
    private static CostCurve Curve() => new(32, Rows, [.. Rows.Select(rows => 1.0 + rows), .. Rows.Select(rows => 2.0 + 2 * rows)], repetitions: 1);
}
