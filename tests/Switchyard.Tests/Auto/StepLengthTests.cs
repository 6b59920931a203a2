using Switchyard.Strategies.Auto;
using Xunit;

namespace Switchyard.Tests.Auto;

public sealed class StepLengthTests
{
    [Fact]
    public void Longest_but_one_bounds_the_next_step_and_a_stall_counts_as_its_bound()
    {
        var length = new StepLength();
        Assert.True(double.IsNaN(length.Longest));
        Assert.Equal(50, length.WithoutStall(50)); // nothing is known
        foreach (double step in (double[])[1, 1.2, 40, 1.1]) length.Note(step);
        Assert.Equal(1.15 * 1.2, length.Longest, 12);
        Assert.Equal(1.5 * length.Longest, length.WithoutStall(40), 12);
        Assert.Equal(1.3, length.WithoutStall(1.3));
        for (int i = 0; i < 2; i++) length.Note(3);
        Assert.Equal(1.15 * 3, length.Longest, 12); // twice in sixteen steps is no stall
        for (int i = 0; i < 16; i++) length.Note(1);
        Assert.Equal(1.15, length.Longest, 12);
    }

    [Fact]
    public void What_was_slow_for_a_while_gets_another_chance()
    {
        var length = new StepLength();
        foreach (double step in (double[])[5, 5, 1]) length.Note(step);
        for (int i = 0; i < 40; i++) length.Forget();
        Assert.InRange(length.Longest, 1, 1.15 * 1.2);
    }

    [Fact]
    public void A_token_costs_the_shorter_of_two_steps_at_first_and_then_the_mean_without_outliers()
    {
        var price = new PlainPrice();
        price.Add(3);
        price.Add(2);
        Assert.Equal((2, 2.0), (price.Steps, price.Seconds));
        foreach (double step in (double[])[2, 2, 30]) price.Add(step);
        Assert.Equal((3 + 2 + 2 + 2 + 3) / 5.0, price.Seconds, 12); // 30 counts as one and a half medians
        price.Begin();
        Assert.Equal(0, price.Steps);
        price.Add(7); // another account, another context
        Assert.Equal(7, price.Seconds);
        for (int i = 0; i < 40; i++) price.Add(5);
        Assert.Equal((16, 5.0), (price.Steps, price.Seconds));
    }
}
