using Switchyard.Properties;
using Switchyard.Properties.Reference;
using Xunit;

namespace Switchyard.Tests.PropertyRuns;

public sealed class BackendLawTests
{
    private static readonly LawSubject Reference = new() { Name = "reference", Backend = _ => new ReferenceBackend() };

    /// <summary>The laws that do not compare the reference with itself.</summary>
    public static TheoryData<string> Laws =>
        LawTheories.Laws(LawBook.Of(LawKind.Backend).Where(law => law.Id.StartsWith("double/", StringComparison.Ordinal) || law.Id == "tree/attend"));

    public static TheoryData<string, string> Bugs => LawTheories.Bugs(LawBook.Of(LawKind.Backend));

    [Theory]
    [MemberData(nameof(Laws))]
    public void Reference_backend_keeps_the_law(string law) => LawTheories.AssertHolds(law, Reference);

    [Theory]
    [MemberData(nameof(Bugs))]
    public void Law_catches_the_planted_bug(string law, string bug) => LawTheories.AssertCaught(law, bug, Reference);

    [Fact]
    public void Every_law_has_a_planted_bug_unless_its_bits_twin_has_it() =>
        Assert.All(LawBook.All, law => Assert.True(law.Bugs.Count > 0 || law.Id.StartsWith("double/", StringComparison.Ordinal), law.Id));

    [Fact]
    public void Broken_law_is_shrunk_and_can_be_replayed()
    {
        Law law = LawBook.Get("rows/matmul");
        LawSubject wrong = law.Bugs.Single(b => b.Id == "sum-depends-on-row-count").Plant(Reference);
        LawReport first = law.Check(wrong, new LawOptions());
        Assert.Equal(LawOutcome.Broken, first.Outcome);
        Assert.Contains(" 2 rows", first.Counterexample, StringComparison.Ordinal);
        LawReport again = law.Check(wrong, new LawOptions { Replay = first.ReplayId });
        Assert.Equal(first.Counterexample, again.Counterexample);
        Assert.Equal(1, again.Cases);
        Assert.Throws<LawBrokenException>(() => first.ThrowIfBroken());
    }

    [Fact]
    public void Time_that_runs_out_before_the_first_case_is_said() =>
        Assert.Equal(LawOutcome.OutOfTime, LawBook.Get("rows/rope").Check(Reference, new LawOptions { Budget = TimeSpan.FromTicks(-1) }).Outcome);
}
