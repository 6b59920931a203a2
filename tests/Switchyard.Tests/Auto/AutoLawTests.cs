using Switchyard.Backends.Cpu;
using Switchyard.Properties;
using Switchyard.Strategies.Auto;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Auto;

/// <summary>The bound of <c>auto</c> on a simulated clock whose steps stay within their declared bounds; the planted mistakes run with the other laws'.</summary>
public sealed class AutoLawTests
{
    public static TheoryData<string> Laws => LawTheories.Laws(AutoLaws.All);

    private static LawSubject Subject => new()
    {
        Name = "auto", Backend = threads => new CpuBackend(new CpuOptions { Threads = threads }), Chooser = (names, options) => new ArmChooser(names, options),
    };

    [Theory]
    [MemberData(nameof(Laws))]
    public void The_choice_keeps_the_law(string law) => Assert.Equal(LawOutcome.Held, LawBook.Get(law).Check(Subject, LawTheories.Options).ThrowIfBroken().Outcome);

    [Theory]
    [MemberData(nameof(Laws))]
    public void Laws_of_choosing_say_nothing_about_strategies_that_do_not_choose(string law) =>
        Assert.Equal(LawOutcome.NotApplicable, LawBook.Get(law).Check(Subject with { Chooser = null }, LawTheories.Options).Outcome);

    [Fact]
    public void Choice_that_forgets_the_worst_case_is_caught()
    {
        LawSubject subject = Subject with { Chooser = (names, options) => new Rotating(new ArmChooser(names, options), names.Count) };
        Assert.Equal(LawOutcome.Broken, LawBook.Get("auto/bounded-loss").Check(subject, new LawOptions { Shrink = false }).Outcome);
    }

    [Fact]
    public void Drafts_that_are_never_accepted_cost_no_more_than_the_bound_and_mostly_less()
    {
        ChoiceRun run = new ChoiceWorld(0.1, 0, 0, [new(4, 0.2, [0]), new(8, 0, [0])], [1], [2000], 1).Run(Subject.Chooser!, new AutoOptions());
        Assert.True(run.WorstExcess <= 1e-9);
        Assert.True(run.Spent <= 1.011 * run.Plain, $"{run.Spent / run.Plain:F4}");
        Assert.True(run.Steps[1] > 2 && run.Steps[2] > 2, $"{run.Steps[1]} and {run.Steps[2]} steps: nothing is given up for good.");
    }

    /// <summary>Takes another strategy than the one that was allowed.</summary>
    private sealed class Rotating(ArmChooser inner, int count) : IArmChooser
    {
        public void Begin() => inner.Begin();

        public int Choose(int batch, long context) => 1 + inner.Choose(batch, context) % (count - 1);

        public void Report(int arm, int batch, double seconds, int tokens, bool drafted = true, bool idle = false, int? read = null) => inner.Report(arm, batch, seconds, tokens, drafted, idle, read);
    }
}
