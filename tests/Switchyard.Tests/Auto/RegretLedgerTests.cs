using FsCheck;
using FsCheck.Fluent;
using Switchyard.Strategies.Auto;
using Xunit;

namespace Switchyard.Tests.Auto;

/// <summary>The bound of <c>auto</c> on a simulated clock whose steps stay within their declared bounds.</summary>
public sealed class RegretLedgerTests
{
    private const double Rounding = 1e-9;

    [Fact]
    public void Loss_against_plain_is_at_most_one_percent_and_two_steps_in_every_world() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(1500), Prop.ForAll(AutoWorld.Any, world => world.Run(new AutoOptions()).WorstExcess <= Rounding));

    [Fact]
    public void Ledger_that_is_ignored_is_caught() // the negative control
    {
        Assert.ThrowsAny<Exception>(() => Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(AutoWorld.Any, world => world.Run(new AutoOptions { MaxLoss = 1e9 }).WorstExcess <= Rounding)));
    }

    [Fact]
    public void Choice_that_forgets_the_worst_case_is_caught()
    {
        Assert.ThrowsAny<Exception>(() => Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(1000),
            Prop.ForAll(AutoWorld.Any, world => world.Run(new AutoOptions(), (batch, chooser) => 1 + chooser.Choose(batch) % world.Arms.Length).WorstExcess <= Rounding)));
    }

    [Fact]
    public void Drafts_that_are_never_accepted_cost_no_more_than_the_bound_and_mostly_less()
    {
        AutoRun run = new AutoWorld(0.1, 0, 0, [new(4, 0.2, [0]), new(8, 0, [0])], [1], 2000, 1).Run(new AutoOptions());
        Assert.True(run.WorstExcess <= Rounding);
        Assert.True(run.Spent <= 1.011 * run.Plain, $"{run.Spent / run.Plain:F4}");
        Assert.True(run.Steps[1] > 2 && run.Steps[2] > 2, "Nothing is given up for good.");
    }

    [Fact]
    public void Ledger_keeps_debts_and_forgets_winnings_when_an_account_begins()
    {
        var ledger = new RegretLedger(0.01, 2, 32);
        ledger.Book(10, 4, 1);
        Assert.Equal(6, ledger.Balance);
        Assert.True(ledger.Allows(8.9, 1, 1));
        ledger.Begin();
        Assert.Equal(0, ledger.Balance);
        Assert.False(ledger.Allows(8.9, 1, 1));
        Assert.True(ledger.Allows(3, 1, 1));
        Assert.False(ledger.Allows(3.1, 1, 1));
        ledger.Book(1, 3, 1);
        ledger.Begin();
        Assert.Equal(-2, ledger.Balance);
        Assert.False(ledger.Allows(1.1, 1, 1));
        ledger.BookPlain(100);
        Assert.True(ledger.Allows(1.9, 1, 1));
        ledger.Book(1000, 1, 1);
        Assert.Equal(32, ledger.Balance); // winnings are remembered up to a limit
        Assert.Equal(-2, ledger.LowestBalance);
    }
}
