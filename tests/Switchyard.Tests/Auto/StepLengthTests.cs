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
        Assert.True(length.IsStall(40));
        Assert.False(length.IsStall(2)); // as long as that may be its own
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
    public void A_token_costs_the_mean_without_outliers_of_plain_steps_that_follow_others()
    {
        var price = new PlainPrice();
        foreach (double step in (double[])[3, 2, 9, 9]) Assert.False(price.Add(step, follows: true, 0)); // after a prompt
        Assert.Equal((4, 2.0), (price.Steps, price.At(0)));
        Assert.False(price.Add(9, follows: false, 0));
        foreach (double step in (double[])[2, 2, 2, 30]) Assert.True(price.Add(step, follows: true, 0));
        Assert.Equal((2 + 2 + 2 + 3) / 4.0, price.At(0), 12); // 30 counts as one and a half medians
        for (int i = 0; i < 40; i++) price.Add(5, follows: true, 0);
        Assert.Equal(5, price.At(0), 12);
    }

    [Fact]
    public void What_first_steps_are_worth_is_learned_from_earlier_accounts()
    {
        var price = new PlainPrice();
        for (int account = 0; account < 20; account++)
        {
            price.Begin();
            Assert.Equal(0, price.Steps);
            price.Add(14, follows: false, 0);
            price.Add(12.5, follows: true, 1);
            Assert.Equal(account == 0 ? 12.5 : 10, price.At(2), 12);
            for (int i = 1; i <= 3; i++) // two plain steps among others now and then, the second of which counts
            {
                Assert.False(price.Add(11, follows: false, 50 * i));
                Assert.True(price.Add(10, follows: true, 50 * i));
            }
            Assert.Equal(10, price.At(200), 12);
        }
    }

    [Fact]
    public void Plain_steps_that_never_follow_one_another_count_every_other_time()
    {
        var price = new PlainPrice();
        Assert.Equal(8, Enumerable.Range(0, 17).Count(at => price.Add(1, follows: false, at)));
    }

    [Fact]
    public void Steps_that_were_taken_at_a_shorter_context_count_as_what_they_would_take_now_but_never_as_more()
    {
        const double Growth = 0.0008;
        var price = new PlainPrice();
        static double Cost(int at) => 1 + Growth * at;
        for (int account = 0; account < 20; account++)
        {
            price.Begin();
            for (int at = 0; at < 256; at++) price.Add(Cost(at), follows: true, at);
        }
        price.Begin();
        for (int at = 0; at < 2; at++) price.Add(Cost(at), follows: true, at);
        foreach (int at in (int[])[16, 48, 112])
        {
            price.Add(Cost(at), follows: false, at);
            price.Add(Cost(at), follows: true, at);
        }
        Assert.InRange(price.At(240) / Cost(240), 0.96, 1); // their mean as it was is 0.9 of that
    }

    [Fact]
    public void Only_a_probe_that_was_broken_off_goes_on_where_it_was()
    {
        var record = new ArmRecord(4);
        record.BeginProbe(0);
        record.Measure(2, 1, 2);
        record.BreakOffProbe(10, 10);
        record.BeginProbe(20);
        Assert.Equal((1, 2.0), (record.Probed, record.Paid));
        record.Measure(1, 1, 1);
        record.BeginProbe(30); // the last one came to its end
        Assert.Equal(0, record.Probed);
        record.Measure(1, 1, 1);
        record.BreakOff(35, 35); // in use, not in a probe
        record.BeginProbe(40);
        Assert.Equal(0, record.Probed);
    }

    [Fact]
    public void What_reading_a_text_will_cost_is_known_by_its_length()
    {
        var record = new ArmRecord(4);
        Assert.Equal(0, record.Investment(0, 500)); // nothing is known
        record.PrimeReading(100, 2);
        Assert.Equal(4, record.Investment(0, 200), 9);
        record.Invest(1);
        Assert.True(record.IsReading);
        Assert.Equal(3, record.Investment(8, 200), 9);
        record.Invest(7); // twice as dear as was thought
        record.IsReady(16, 200);
        Assert.Equal(0, record.Investment(20, 204));
        Assert.InRange(record.Investment(16 + 200, 400), 4.5, 8); // what came since
        record.BeginAccount();
        Assert.InRange(record.Investment(300, 100), 2.2, 4);
    }

    [Fact]
    public void Reading_that_takes_longer_than_foretold_is_thought_to_be_half_done()
    {
        var record = new ArmRecord(4);
        record.PrimeReading(100, 2);
        record.Invest(3);
        record.BreakOff(10, 100);
        Assert.Equal(3, record.Investment(10, 100), 9);
        record.BreakOff(10, 100); // nothing was spent since
        Assert.Equal(3, record.Investment(10, 100), 9);
    }

    [Fact]
    public void Reading_is_learned_by_the_tokens_that_were_read()
    {
        var record = new ArmRecord(4);
        record.PrimeReading(200, 2);
        record.Lag = 200;
        Assert.Equal(2, record.Investment(0, 1000), 9); // what is missing counts, not what was decided meanwhile
        record.Read(100);
        record.Invest(2); // twice as dear as was thought
        record.Lag = 100;
        Assert.Equal(1, record.Investment(0, 1000), 9);
        record.IsReady(8, 1000);
        record.Lag = 200;
        double learned = record.Investment(8, 1000);
        Assert.InRange(learned, 2.5, 3);
        record.Read(33);
        record.Invest(3); // a slow moment, and little to read
        record.IsReady(16, 1000);
        Assert.InRange(record.Investment(16, 1000), learned, 1.3 * learned);
    }

    [Fact]
    public void Reading_that_was_broken_off_tells_its_price()
    {
        var record = new ArmRecord(4);
        record.PrimeReading(200, 2);
        record.Lag = 200;
        record.Read(100);
        record.Invest(1);
        record.BreakOff(8, 1000);
        Assert.False(record.IsReading);
        Assert.Equal(2, record.Investment(8, 1000), 9);
    }

    [Fact]
    public void How_much_texts_differ_is_learned()
    {
        ArmRecord steady = new(4), fickle = new(4);
        for (int text = 0; text < 20; text++)
        {
            steady.BeginAccount();
            fickle.BeginAccount();
            for (int i = 0; i < 32; i++)
            {
                steady.Measure(1.2, 1, 1);
                fickle.Measure(text % 4 == 3 ? 2 : 0.9, 1, 1);
            }
        }
        steady.BeginAccount();
        fickle.BeginAccount();
        Assert.InRange(steady.Expected.Doubt, 0.05, 0.08);
        Assert.InRange(fickle.Expected.Doubt, 0.2, 0.26);
    }

    [Fact]
    public void Slow_moments_do_not_count_as_failing_and_a_text_without_luck_does()
    {
        var record = new ArmRecord(4);
        for (int i = 0; i < 60; i++) record.Measure(2, 1.4, 2);
        Assert.Equal(2 / 1.4, record.PaidLately, 6);
        for (int i = 0; i < 12; i++) record.Measure(2, 2.8, 2);
        Assert.True(record.PaidLately > 1.1, $"{record.PaidLately:F2}"); // though these steps paid 0.7
        for (int i = 0; i < 24; i++) record.Measure(1, 1.4, 1);
        Assert.True(record.PaidLately < 0.8, $"{record.PaidLately:F2}");
    }

    [Fact]
    public void What_a_strategy_is_expected_to_pay_moves_from_what_it_paid_before_to_what_it_pays_now()
    {
        var record = new ArmRecord(4);
        Assert.Equal(1, record.Expected.Mean);
        double unknown = record.Expected.Doubt;
        record.Prime(1.2, 200);
        record.BeginAccount();
        (double mean, double doubt) = record.Expected;
        Assert.Equal(1.2, mean, 6);
        Assert.InRange(doubt, 0.05, unknown / 2);
        for (int i = 0; i < 40; i++) record.Measure(0.9, 1, 1);
        Assert.InRange(record.Expected.Mean, 0.97, 1.1);
        Assert.True(record.Expected.Doubt < doubt);
        record.Refute();
        record.BeginProbe(0);
        Assert.Equal(1, record.Expected.Mean); // this text has shown that the past says nothing about it
        Assert.InRange(record.Expected.Doubt, unknown, 1.1 * unknown);
        record.BeginAccount();
        Assert.InRange(record.Expected.Mean, 1.1, 1.2); // another text may
    }
}
