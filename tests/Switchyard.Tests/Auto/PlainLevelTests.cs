using Switchyard.Strategies.Auto;
using Xunit;

namespace Switchyard.Tests.Auto;

public sealed class PlainLevelTests
{
    private static readonly double[] AfterPrompt = [1.45, 1.3, 1.25, 1.2, 1.15, 1.1, 1.06, 1.04], AfterOthers = [1.1, 1.04, 1.02, 1.01];

    // A step of a settled row: a tenth more for every hundred tokens of context.
    private static double Cost(double context) => 1 + 0.001 * context;

    [Fact]
    public void Steps_of_earlier_requests_price_those_of_one_in_which_another_strategy_is_in_use()
    {
        var level = new PlainLevel();
        for (int request = 0; request < 10; request++) Decode(level, prompt: 20 * request, tokens: 200, every: 0);
        // Now two plain steps in fifty, each slower than its like.
        for (int request = 0; request < 5; request++)
        {
            double worst = Decode(level, prompt: 40 + 50 * request, tokens: 250, every: 50);
            Assert.InRange(worst, 0, 0.05); // steps as they were would be off by a tenth to a fifth
        }
    }

    [Fact]
    public void First_steps_after_a_prompt_are_held_against_what_plain_ones_take_there()
    {
        var level = new PlainLevel();
        for (int request = 0; request < 40; request++) Decode(level, prompt: 100, tokens: 200, every: 0);
        level.Prompt();
        Assert.InRange(level.At(100) / Cost(100), 1.4, 1.5);
        level.Other();
        Assert.InRange(level.At(101) / Cost(101), 1.25, 1.35);
        for (int step = 0; step < 8; step++) level.Other();
        Assert.InRange(level.At(120) / Cost(120), 0.98, 1.02);
    }

    [Fact]
    public void Rows_that_follow_a_prompt_do_not_teach_how_slow_steps_after_others_are()
    {
        var level = new PlainLevel();
        for (int request = 0; request < 40; request++) Decode(level, prompt: 100, tokens: 200, every: 0);
        // Another strategy's turn, then two plain steps as slow as a level that has seen only prompts expects them.
        for (int step = 0; step < 8; step++) level.Other();
        double settled = level.At(150);
        for (int pair = 0; pair < 6; pair++)
        {
            level.Add(1.08 * Cost(150), 150);
            level.Add(1.03 * Cost(150), 150);
            level.Other();
        }
        Assert.InRange(level.At(150) / settled, 0.99, 1.01);
    }

    [Fact]
    public void Nothing_is_known_before_a_settled_step_and_a_stall_changes_little()
    {
        var level = new PlainLevel();
        Assert.False(level.IsKnown);
        Assert.Equal(0, level.At(50));
        Decode(level, prompt: 10, tokens: 60, every: 0);
        double before = level.At(70);
        level.Add(20 * Cost(70), 70);
        Assert.InRange(level.At(71) / before, 0.99, 1.04);
    }

    [Fact]
    public void Pricing_allocates_nothing()
    {
        var level = new PlainLevel();
        Decode(level, prompt: 10, tokens: 60, every: 0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++)
        {
            level.Add(Cost(70 + i), 70 + i);
            level.At(70 + i);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    // Returns by how much the price of a settled step was off at most, past the first steps. Another strategy takes all but two of so many steps.
    private static double Decode(PlainLevel level, int prompt, int tokens, int every)
    {
        double worst = 0;
        level.Prompt();
        for (int step = 0, inRow = 0; step < tokens; step++)
        {
            double context = prompt + step;
            if (every > 0 && step > 1 && step % every > 1)
            {
                level.Other();
                inRow = 0;
            }
            else
            {
                double slower = step < AfterPrompt.Length ? AfterPrompt[step] : every > 0 && inRow < AfterOthers.Length ? AfterOthers[inRow] : 1;
                level.Add(slower * Cost(context), context);
                inRow++;
            }
            if (step >= AfterPrompt.Length) worst = Math.Max(worst, Math.Abs(level.At(context + 1) / Cost(context + 1) - 1));
        }
        return worst;
    }
}
