using Switchyard.Strategies.Cast;
using Xunit;

namespace Switchyard.Tests.Cast;

public sealed class MarginalChoiceTests
{
    /// <summary>The paper's Algorithm 1: compare with the last kept item.</summary>
    private static int PaperLoop(double[] u, double[] c, double threshold)
    {
        int kept = 0;
        for (int j = 1; j < u.Length; j++)
            if ((u[j] - u[kept]) / (c[j] - c[kept]) > threshold) kept = j;
        return kept + 1;
    }

    /// <summary>What it must not be: stop at the first item that does not pay.</summary>
    private static int StopAtFirst(double[] u, double[] c, double threshold)
    {
        int kept = 0;
        while (kept + 1 < u.Length && (u[kept + 1] - u[kept]) / (c[kept + 1] - c[kept]) > threshold) kept++;
        return kept + 1;
    }

    [Fact]
    public void Equals_the_papers_loop_where_costs_rise_and_not_the_loop_that_stops_early()
    {
        int early = 0;
        for (int seed = 0; seed < 5000; seed++)
        {
            var random = new Random(seed);
            int count = random.Next(1, 30);
            double[] u = new double[count], c = new double[count];
            double utility = 0, cost = 0;
            for (int i = 0; i < count; i++) (u[i], c[i]) = (utility += random.NextDouble() / (1 + i), cost += random.NextDouble() < 0.5 ? 0.01 : random.NextDouble());
            double threshold = random.NextDouble() * 3;
            int kept = MarginalChoice.Keep(u, c, threshold);
            Assert.Equal(PaperLoop(u, c, threshold), kept);
            if (StopAtFirst(u, c, threshold) != kept) early++;
        }
        Assert.InRange(early, 500, 4500);
    }

    [Fact]
    public void Is_the_maximum_on_any_costs_with_ties_to_the_smallest()
    {
        for (int seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            int count = random.Next(1, 20);
            double[] u = new double[count], c = new double[count];
            for (int i = 0; i < count; i++) (u[i], c[i]) = (random.Next(5), random.Next(4));
            double threshold = random.Next(3);
            int kept = MarginalChoice.Keep(u, c, threshold);
            for (int k = 0; k < count; k++)
            {
                double lead = u[kept - 1] - threshold * c[kept - 1] - (u[k] - threshold * c[k]);
                Assert.True(k < kept - 1 ? lead > 0 : lead >= 0);
            }
        }
    }

    [Fact]
    public void Keeps_one_item_at_any_price_and_all_at_none()
    {
        double[] u = [0.5, 0.8, 0.9, 0.95], c = [1, 1.2, 1.5, 2];
        Assert.Equal(1, MarginalChoice.Keep(u, c, 1e9));
        Assert.Equal(4, MarginalChoice.Keep(u, c, 0));
        Assert.Equal(0, MarginalChoice.Keep([], [], 1));
    }

    [Fact]
    public void Affine_costs_and_the_matching_threshold_give_a_fixed_width()
    {
        // Theorem 4.1: with c_j = λ·j + δ and C1 = Σ_j v(K) / (B·λ) exactly K items are kept; the strict rule needs a hair less.
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            int width = random.Next(2, 20), k = random.Next(1, width + 1);
            double[] v = [.. Enumerable.Range(0, width).Select(_ => random.NextDouble()).OrderDescending()];
            double lambda = 0.1 + random.NextDouble(), delta = random.NextDouble();
            double[] u = new double[width], c = new double[width];
            for (int i = 0; i < width; i++) (u[i], c[i]) = ((i > 0 ? u[i - 1] : 0) + v[i], lambda * (i + 1) + delta);
            Assert.Equal(k, MarginalChoice.Keep(u, c, v[k - 1] / lambda * (1 - 1e-9)));
        }
    }
}
