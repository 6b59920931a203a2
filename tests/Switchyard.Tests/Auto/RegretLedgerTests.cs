using Switchyard.Strategies.Auto;
using Xunit;

namespace Switchyard.Tests.Auto;

public sealed class RegretLedgerTests
{
    [Fact]
    public void Account_carries_some_winnings_on_and_all_accounts_together_keep_the_debts()
    {
        var ledger = new RegretLedger(0.01, 2, 32, carriedSteps: 4);
        ledger.Book(10, 4, 1);
        Assert.Equal(6, ledger.Balance);
        Assert.True(ledger.Allows(8.9, 1, 1));
        ledger.Begin();
        Assert.Equal(0, ledger.Balance);
        Assert.False(ledger.Allows(8.9, 1, 1));
        Assert.True(ledger.Allows(7, 1, 1)); // two steps, and four of the six that were won
        Assert.False(ledger.Allows(7.1, 1, 1));
        Assert.Equal(6, ledger.Allowance(1));

        var indebted = new RegretLedger(0.01, 2, 32);
        indebted.Book(1, 3, 1);
        Assert.Equal(-2, indebted.LowestBalance);
        indebted.Begin();
        Assert.Equal((0.0, 0.0), (indebted.Balance, indebted.LowestBalance));
        Assert.True(indebted.Allows(1.02, 1, 1)); // two tokens give 0.02
        Assert.False(indebted.Allows(1.1, 1, 1));
        indebted.BookPlain(100);
        Assert.True(indebted.Allows(1.9, 1, 1));
        Assert.False(indebted.Allows(2.1, 1, 1));
        indebted.Book(1000, 1, 1);
        Assert.Equal(32, indebted.Balance); // winnings are remembered up to a limit
    }

    [Fact]
    public void What_is_missing_is_what_has_to_be_won_before_a_step_is_allowed()
    {
        var ledger = new RegretLedger(0.01, 2);
        Assert.Equal((0, 0), ledger.Missing(3, 1, 1, 0));
        Assert.Equal(0.5, ledger.Missing(3.01, 1, 1, 0.5).Here, 12);
        Assert.Equal(0.5, ledger.Missing(3.01, 1, 1, 0.5).InAll, 12);
        ledger.Book(1.4, 1, 1);
        Assert.False(ledger.Allows(3.01, 1, 1, 0.5));
        ledger.Book(1.1, 1, 1);
        Assert.True(ledger.Allows(3.01, 1, 1, 0.5));
        ledger.Begin();
        ledger.Book(1, 5, 1);
        ledger.Begin();
        (double here, double inAll) = ledger.Missing(3, 1, 1, 0);
        Assert.True(here == 0 && inAll > 3, $"{here} and {inAll}"); // the debt is all accounts' only
    }

    [Fact]
    public void Accounts_of_one_length_may_each_lose_their_share()
    {
        // A ledger that carried an account's whole debt into the next one of the same length would never allow a step again.
        var ledger = new RegretLedger(0.01, 2);
        for (int account = 0; account < 20; account++)
        {
            ledger.Begin();
            int risked = 0;
            for (int token = 0; token < 256; token++)
            {
                if (ledger.Allows(1.5, 1, 1))
                {
                    ledger.Book(1, 1.5, 1);
                    risked++;
                }
                else ledger.BookPlain(1);
            }
            Assert.True(risked >= 5, $"account {account}: {risked} steps");
        }
    }
}
