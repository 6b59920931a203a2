using Switchyard.Properties;
using Switchyard.Strategies.Auto;
using Xunit;

namespace Switchyard.Tests.Auto;

public sealed class ArmChooserTests
{
    private static ArmChooser New(IReadOnlyList<string> names, AutoOptions options) => new(names, options);

    /// <summary>One strategy, whatever is measured.</summary>
    private sealed class Always(int arm) : IArmChooser
    {
        public void Begin()
        {
        }

        public int Choose(int batch, long context) => arm;

        public void Report(int arm, int batch, double seconds, int tokens, bool drafted = true, bool idle = false, int? read = null)
        {
        }
    }

    [Theory]
    [InlineData(0.05, 0.1, 4, 4)]
    [InlineData(0.02, 0.05, 6, 3)]
    [InlineData(0.1, 0, 4, 3)]
    public void What_pays_is_found_and_kept(double rowCost, double draftCost, int length, int accepted)
    {
        var world = new ChoiceWorld(rowCost, 0, 0, [new(3, 0.5, [0]), new(length, draftCost, [accepted])], [1], [2000], 1);
        ChoiceRun fixedArm = world.Run((_, _) => new Always(2), new AutoOptions()), chosen = world.Run(New, new AutoOptions());
        Assert.True(fixedArm.Spent < 0.8 * fixedArm.Plain);
        Assert.True(fixedArm.Spent / fixedArm.Plain >= 0.95 * chosen.Spent / chosen.Plain, $"auto {chosen}, the best strategy alone {fixedArm}");
    }

    [Fact]
    public void Better_of_two_that_pay_is_used()
    {
        ChoiceRun run = new ChoiceWorld(0.05, 0, 0, [new(4, 0.1, [2]), new(4, 0.1, [4])], [1], [3000], 1).Run(New, new AutoOptions());
        Assert.True(run.Steps[2] > 8 * run.Steps[1], $"{run.Steps[1]} against {run.Steps[2]} steps");
    }

    [Fact]
    public void Strategy_that_begins_to_pay_is_found_again_and_one_that_stops_is_left()
    {
        var chooser = new ArmChooser(["plain", "chain"], new AutoOptions());
        double spent = 0;
        int tokens = 0, used = 0, wasted = 0;
        while (tokens < 8000)
        {
            bool pays = tokens / 2000 % 2 == 1;
            int arm = chooser.Choose(1, 0), emitted = arm == 1 && pays ? 4 : 1;
            if (arm == 1) (used, wasted) = (used + (pays ? 1 : 0), wasted + (pays ? 0 : 1));
            (tokens, spent) = (tokens + emitted, spent + (arm == 0 ? 1 : 1.3));
            chooser.Report(arm, 1, arm == 0 ? 1 : 1.3, emitted);
        }
        Assert.True(used > 850, $"{used} steps of about 1000 while it paid");
        Assert.True(wasted < 180, $"{wasted} steps while it did not");
        Assert.True(spent < 0.75 * tokens);
    }

    [Fact]
    public void Choice_follows_the_batch()
    {
        // One request: a flat machine, drafts pay. Eight: rows are as dear as passes, they do not.
        var options = new AutoOptions();
        var chooser = new ArmChooser(["plain", "chain"], options);
        var used = new Dictionary<int, int> { [1] = 0, [8] = 0 };
        for (int step = 0; step < 2000; step++)
        {
            int batch = step / 200 % 2 == 0 ? 1 : 8, arm = chooser.Choose(batch, 0);
            if (arm == 1) used[batch]++;
            chooser.Report(arm, batch, arm == 0 ? 1 : batch == 1 ? 1.2 : 4, arm == 0 ? batch : 3 * batch);
        }
        Assert.True(used[1] > 900, $"{used[1]} of 1000 steps");
        Assert.True(used[8] < 60, $"{used[8]} of 1000 steps");
    }

    [Fact]
    public void Pauses_between_probes_double_up_to_a_limit() =>
        Assert.Equal([4, 8, 16, 32, 64, 128, 256, 256], Pauses(seconds: 1.02)[1..9]);

    [Fact]
    public void What_would_need_luck_to_catch_up_is_soon_probed_as_rarely_as_may_be()
    {
        int[] pauses = Pauses(seconds: 1.3);
        Assert.True(Array.IndexOf(pauses, 256) is > 0 and <= 3, string.Join(", ", pauses));
        Assert.All(pauses[Array.IndexOf(pauses, 256)..], pause => Assert.Equal(256, pause));
    }

    /// <summary>Tokens between probes of a strategy whose steps take so long and give nothing, after the two plain steps of the beginning.</summary>
    private static int[] Pauses(double seconds)
    {
        var chooser = new ArmChooser(["plain", "lookup"], new AutoOptions { ProbeSteps = 1, SettlingSteps = 0, AllowedSteps = 1000, LastProbe = 256 });
        var pauses = new List<int>();
        for (int token = 0, pause = 0; token < 3000; token++)
        {
            int arm = chooser.Choose(1, 0);
            if (arm == 1 && pause > 0) pauses.Add(pause + pause % 2);
            pause = arm == 1 ? 0 : pause + 1;
            chooser.Report(arm, 1, arm == 0 ? 1 : seconds, 1);
        }
        Assert.True(pauses.Count >= 11, "It is never given up.");
        return [.. pauses];
    }

    [Fact]
    public void Choice_explains_itself()
    {
        var chooser = new ArmChooser(["plain", "lookup"], new AutoOptions { ProbeSteps = 1, SettlingSteps = 0 });
        Assert.Equal("auto: plain", chooser.ToString());
        for (int i = 0; i < 2; i++) chooser.Report(chooser.Choose(1, 0), 1, 1, 1);
        Assert.StartsWith("auto: plain (lookup paid 0.50× over 1 tokens; next probe in", After(chooser, 2, 1), StringComparison.Ordinal);
        var winner = new ArmChooser(["plain", "lookup"], new AutoOptions { ProbeSteps = 1, SettlingSteps = 0 });
        for (int i = 0; i < 2; i++) winner.Report(winner.Choose(1, 0), 1, 1, 1);
        Assert.Equal("auto: lookup (paid 3.00× over 3 tokens)", After(winner, 1, 3));
    }

    private static string After(ArmChooser chooser, double seconds, int tokens)
    {
        int arm = chooser.Choose(1, 0);
        chooser.Report(arm, 1, arm == 0 ? 1 : seconds, arm == 0 ? 1 : tokens);
        return chooser.ToString();
    }

    [Fact]
    public void Strategy_that_is_still_catching_up_is_not_judged_by_that()
    {
        var chooser = new ArmChooser(["plain", "chain"], new AutoOptions { AllowedSteps = 50 });
        int behind = 12, used = 0;
        for (int step = 0; step < 200; step++)
        {
            int arm = chooser.Choose(1, 0);
            bool drafted = arm == 1 && behind-- <= 0;
            if (drafted) used++;
            chooser.Report(arm, 1, arm == 0 ? 1 : 1.3, drafted ? 4 : 1, drafted);
        }
        Assert.True(used > 120, $"{used} steps");
    }

    [Theory]
    [InlineData(6, 40, 0.9)]
    [InlineData(3, 40, 0.75)]
    public void Catching_up_is_saved_up_for_and_not_begun_again_and_again(int reading, int tokens, double most)
    {
        // A strategy that pays twice, but only after some steps of reading, for each account anew.
        var chooser = new ArmChooser(["plain", "chain"], new AutoOptions());
        chooser.Prime(1, 2);
        double spent = 0, all = 0;
        for (int account = 0; account < 100; account++)
        {
            chooser.Begin();
            for (int done = 0, behind = reading; done < tokens;)
            {
                int arm = chooser.Choose(1, 100 + done);
                bool drafted = arm == 1 && behind-- <= 0;
                int emitted = drafted ? 4 : 1;
                chooser.Report(arm, 1, arm == 0 ? 1 : 2, emitted, drafted);
                (spent, all, done) = (spent + (arm == 0 ? 1 : 2), all + emitted, done + emitted);
            }
        }
        Assert.True(spent < most * all, $"{spent / all:F3} of plain time");
    }

    [Theory]
    [InlineData(60, 0.99, 1.013)]
    [InlineData(1000, 0, 0.94)]
    public void Draft_whose_reading_a_text_cannot_win_back_is_left_alone(int tokens, double least, double most)
    {
        // A strategy that pays a seventh, after sixteen steps of reading that lose half a step each, for each account anew.
        var chooser = new ArmChooser(["plain", "chain"], new AutoOptions());
        double spent = 0, all = 0;
        for (int account = 0; account < 40_000 / tokens; account++)
        {
            chooser.Begin();
            for (int done = 0, behind = 16; done < tokens;)
            {
                int arm = chooser.Choose(1, 200 + done);
                bool drafted = arm == 1 && behind-- <= 0;
                int emitted = drafted ? 2 : 1;
                double took = arm == 0 ? 1 : drafted ? 1.75 : 1.5;
                chooser.Report(arm, 1, took, emitted, drafted);
                (spent, all, done) = (spent + took, all + emitted, done + emitted);
            }
        }
        Assert.InRange(spent / all, least, most);
    }

    [Theory]
    [InlineData(0, 1, 12)]
    [InlineData(null, 40, 1000)] // who does not know what was read waits for the end of reading
    public void Guesses_that_are_not_shown_are_no_reading(int? read, int least, int most)
    {
        // A strategy that guesses and never finds a guess worth showing.
        var chooser = new ArmChooser(["plain", "cast"], new AutoOptions { AllowedSteps = 50 });
        int used = 0;
        for (int token = 0; token < 500; token++)
        {
            int arm = chooser.Choose(1, 200 + token);
            chooser.Report(arm, 1, arm == 0 ? 1 : 1.4, 1, drafted: arm == 0, idle: false, read);
            used += arm;
        }
        Assert.InRange(used, least, most);
    }

    [Fact]
    public void What_gives_nothing_does_not_seem_to_pay_because_plain_steps_are_slow_after_others()
    {
        // A strategy whose steps take a tenth longer. Plain steps are slower after a prompt, and after the other's.
        const double Step = 1.1;
        double[] afterPrompt = [1.3, 1.16, 1.1, 1.09], afterOther = [1.1, 1.06, 1.05, 1.03];
        var chooser = new ArmChooser(["plain", "lookup"], new AutoOptions());
        int used = 0;
        for (int account = 0; account < 20; account++)
        {
            chooser.Begin();
            for (int token = 0, since = 0; token < 256; token++, since++)
            {
                int arm = chooser.Choose(1, 0);
                double[] slower = since == token ? afterPrompt : afterOther;
                chooser.Report(arm, 1, arm > 0 ? Step : since < slower.Length ? slower[since] : 1, 1);
                if (arm == 0) continue;
                used++;
                since = -1;
            }
        }
        Assert.InRange(used, 1, 20 * 256 / 10);
    }

    [Fact]
    public void What_the_text_suggests_is_tried_at_once_and_left_again_with_the_reason()
    {
        // Lookup pays nothing for 2,000 tokens, then thrice for 400 at a time, and another strategy pays 1.2 all the while.
        var chooser = new ArmChooser(["plain", "lookup", "chain"], new AutoOptions());
        int copied = 0, used = 0, wasted = 0;
        for (int token = 0; token < 6000;)
        {
            bool copies = token >= 2000 && token / 400 % 2 == 1;
            chooser.Suggest(1, 1, copies);
            int arm = chooser.Choose(1, 0), emitted = arm == 1 && copies ? 4 : arm == 2 ? 2 : 1;
            chooser.Report(arm, 1, arm == 0 ? 1 : arm == 1 ? 1.33 : 1.67, emitted);
            token += emitted;
            if (copies) copied += emitted;
            if (arm == 1) (used, wasted) = (used + (copies ? emitted : 0), wasted + (copies ? 0 : emitted));
        }
        Assert.True(used > 0.85 * copied, $"{used} of {copied} tokens");
        Assert.True(wasted < 100, $"{wasted} tokens");
    }

    [Fact]
    public void Broken_and_full_strategies_are_not_chosen()
    {
        var chooser = new ArmChooser(["plain", "chain", "lookup"], new AutoOptions());
        chooser.Report(chooser.Choose(1, 0), 1, 1, 1);
        chooser.Report(chooser.Choose(1, 0), 1, 1, 1);
        int first = chooser.Choose(1, 0);
        Assert.NotEqual(0, first);
        chooser.Unavailable(first, 1);
        Assert.NotEqual(first, chooser.Choose(1, 0));
        chooser.Broken(3 - first);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(0, chooser.Choose(1, 0));
            chooser.Report(0, 1, 1, 1);
        }
        for (int i = 0; i < 100; i++) chooser.Report(chooser.Choose(1, 0), 1, 1, 1);
        Assert.NotEqual(3 - first, chooser.InUse);
    }

    [Fact]
    public void Choosing_allocates_nothing_after_warm_up()
    {
        var chooser = new ArmChooser(["plain", "chain", "lookup"]);
        long before = 0;
        for (int step = 0; step < 400; step++)
        {
            if (step == 200) before = GC.GetAllocatedBytesForCurrentThread();
            int arm = chooser.Choose(1 + step % 3, 0);
            chooser.Report(arm, 1 + step % 3, 1 + 0.1 * arm, arm == 1 ? 9 : 1);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
