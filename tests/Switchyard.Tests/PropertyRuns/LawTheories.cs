using Switchyard.Properties;
using Xunit;

namespace Switchyard.Tests.PropertyRuns;

/// <summary>Tests that use worker threads, or measure: never side by side with anything.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneAtATime
{
    public const string Name = "One at a time";
}

/// <summary>The laws as xunit sees them.</summary>
internal static class LawTheories
{
    public static LawOptions Options { get; } = LawOptions.FromEnvironment();

    public static TheoryData<string> Laws(IEnumerable<Law> laws) => [.. laws.Select(law => law.Id)];

    public static TheoryData<string, string> Bugs(IEnumerable<Law> laws)
    {
        var data = new TheoryData<string, string>();
        foreach (Law law in laws)
            foreach (PlantedBug bug in law.Bugs) data.Add(law.Id, bug.Id);
        return data;
    }

    public static void AssertHolds(string lawId, LawSubject subject)
    {
        LawReport report = LawBook.Get(lawId).Check(subject, Options).ThrowIfBroken();
        Assert.True(report.Outcome is LawOutcome.Held or LawOutcome.NotApplicable, report.ToString());
    }

    public static void AssertCaught(string lawId, string bugId, LawSubject subject)
    {
        Law law = LawBook.Get(lawId);
        LawSubject wrong = law.Bugs.Single(bug => bug.Id == bugId).Plant(subject);
        // The negative control must not depend on luck: it gets the full number of cases whatever the environment asks for.
        LawReport report = law.Check(wrong, new LawOptions { Shrink = false, Effort = Math.Max(1, Options.Effort) });
        Assert.True(report.Outcome == LawOutcome.Broken, $"{lawId} did not notice {bugId}: {report}");
    }
}
