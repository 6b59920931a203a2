using Switchyard.Strategies.Costs;
using Xunit;

namespace Switchyard.Tests.Costs;

public sealed class ChainForecastTests
{
    [Fact]
    public void A_dear_draft_is_not_worth_it_and_a_free_one_is()
    {
        var flat = TableCosts.Affine(0.01, 1);
        Assert.Equal(new ChainForecast(0, 1), ChainForecast.Best(new TableCosts(flat, TableCosts.Affine(0.5, 0.5)), 1, 0, acceptance: 0.7));
        ChainForecast free = ChainForecast.Best(new TableCosts(flat, TableCosts.Affine(1e-9, 1e-9)), 1, 0, acceptance: 0.8);
        Assert.InRange(free.SpeedUp, 4, 5);
        Assert.InRange(free.Length, 10, 16);
        Assert.Equal(1, ChainForecast.Best(new TableCosts(TableCosts.Affine(1, 0.001), flat), 1, 0, acceptance: 0.9).SpeedUp);
    }

    [Theory]
    [InlineData(0.8, 3, 2.952)]
    [InlineData(0, 5, 1)]
    [InlineData(1, 4, 5)]
    public void Expected_tokens_are_the_geometric_sum(double acceptance, int length, double expected) =>
        Assert.Equal(expected, ChainForecast.ExpectedTokens(acceptance, length), 12);
}
