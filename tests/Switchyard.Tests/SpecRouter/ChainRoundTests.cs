using Switchyard.Strategies.SpecRouter;
using Xunit;

namespace Switchyard.Tests.SpecRouter;

public sealed class ChainRoundTests
{
    private readonly record struct Constant(double Time) : IPassTime
    {
        public double Seconds(int pending) => Time;
    }

    private static double Chain(double draft, params (double Acceptance, double Time, int Window)[] levels)
    {
        ChainRound below = new(), above = new();
        below.Draft(draft);
        foreach ((double acceptance, double time, int window) in levels)
        {
            above.Verify(below, acceptance, window, new Constant(time));
            (below, above) = (above, below);
        }
        return below.SecondsPerToken;
    }

    [Fact]
    public void Staged_chain_of_the_worked_example_takes_10_0891() => Assert.Equal(10.0891, Chain(1, (0.7, 4, 3), (0.8, 20, 8)), 4);

    [Fact]
    public void Best_two_model_chain_of_the_worked_example_takes_10_71()
    {
        double best = double.PositiveInfinity;
        for (int window = 1; window <= 16; window++) best = Math.Min(best, Chain(4, (0.8, 20, window)));
        Assert.Equal(10.71, best, 2);
    }

    [Fact]
    public void Funnel_of_the_worked_example_takes_11_40()
    {
        ChainRound one = new(), two = new(), three = new();
        one.Draft(1, tokens: 8);
        two.Verify(one, 0.7, 1, new Constant(4));
        three.Verify(two, 0.8, 1, new Constant(20));
        Assert.Equal(11.40, three.SecondsPerToken, 0.01);
    }

    [Fact]
    public void Hopeless_drafts_never_beat_plain_and_perfect_free_ones_share_one_pass()
    {
        Assert.True(Chain(0, (0, 20, 4)) >= 20);
        Assert.Equal(20.0 / 5, Chain(0, (1, 20, 4)), 12);
        Assert.Equal(20.0 / 9, Chain(0, (1, 0, 3), (1, 20, 8)), 12); // a perfect free middle: windows of 3 emit 4, two of them make 8
    }

    [Fact]
    public void Distribution_is_one_and_its_mean_is_the_number_of_tokens()
    {
        ChainRound one = new(), two = new(), three = new();
        one.Draft(1);
        two.Verify(one, 0.63, 4, new Constant(4));
        three.Verify(two, 0.41, 6, new Constant(9));
        double sum = 0, mean = 0;
        for (int n = 0; n < three.Emits.Length; n++) (sum, mean) = (sum + three.Emits[n], mean + n * three.Emits[n]);
        Assert.Equal(1, sum, 12);
        Assert.Equal(three.Tokens, mean, 12);
        Assert.Equal(0, three.Emits[0]);
    }

    [Fact]
    public void Dynamic_programme_agrees_with_a_simulation_of_staged_rounds()
    {
        var random = new Random(5);
        double time = 0, tokens = 0;
        for (int round = 0; round < 40_000; round++)
        {
            int pending = 0;
            while (pending < 8)
            {
                time += 3 * 1 + 4;
                pending += Kept(random, 0.7, 3) + 1;
            }
            time += 20;
            tokens += Kept(random, 0.8, pending) + 1;
        }
        Assert.Equal(Chain(1, (0.7, 4, 3), (0.8, 20, 8)), time / tokens, 0.1);
    }

    private static int Kept(Random random, double acceptance, int window)
    {
        int kept = 0;
        while (kept < window && random.NextDouble() < acceptance) kept++;
        return kept;
    }
}
