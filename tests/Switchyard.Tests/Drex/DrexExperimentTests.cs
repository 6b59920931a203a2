using Switchyard.Experiments;
using Switchyard.Experiments.Drex;
using Switchyard.Experiments.Results;
using Switchyard.Strategies.Drex;
using Xunit;

namespace Switchyard.Tests.Drex;

/// <summary>The command that measures DREX still measures it, and says what came of it.</summary>
[Collection(PropertyRuns.OneAtATime.Name)]
public sealed class DrexExperimentTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("switchyard-drex").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_quick_run_writes_every_table_figure_and_verdict()
    {
        using var setting = new ExperimentSetting(quick: true);
        var document = new ResultDocument("drex", _folder);
        DrexExperiments.Run(setting, document, text: null, TextWriter.Null);
        string text = File.ReadAllText(document.Write());
        Assert.Contains("numbers are no results", text, StringComparison.Ordinal);
        foreach (string section in (string[])["## The scheduler simulated", "## Where to leave", "## M1: policies on real exits", "## M1: policies at fixed exit rates", "## M2 and M3", "## M4", "## M5", "## What came of the targets"])
            Assert.Contains(section, text, StringComparison.Ordinal);
        foreach ((string policy, _) in DrexLoads.Policies) Assert.Contains($"| {policy} |", text, StringComparison.Ordinal);
        Assert.Equal(7, Directory.GetFiles(_folder, "*.svg").Length);
        Assert.Matches(@"Speed: met in \d+ of 14 cases, out of reach in \d+\. NLL .*: (met|not met|not shown.*)\. Late tokens .*: (met|not met)\. Decisions took \d+ µs", text);
    }

    [Fact]
    public void Drex_forces_nobody_and_its_rate_is_the_one_asked_for_where_exits_are_by_chance()
    {
        using var setting = new ExperimentSetting(quick: true);
        var drex = new DrexSetting(setting);
        var load = new DrexLoads(drex.Tales, drex.TalesPrompts, 40, [2], 0.5f, Synthetic: true);
        using var steady = load.Open("drex", DrexLoads.Policies.Single(p => p.Name == DrexLoads.Drex).Options, batch: 4);
        steady.Fill();
        steady.Slice(0, leastSteps: 300);
        DrexOutcome outcome = DrexOutcome.Of(steady);
        Assert.Equal((0L, 0L), (outcome.Statistics.ForcedExits, outcome.Statistics.ForcedStays));
        Assert.InRange(outcome.ExitRate, 0.4, 0.6);
        Assert.True(outcome is { Throughput: > 0, Gap50: > 0, DecisionMicroseconds: > 0 } && outcome.Gap99 >= outcome.Gap50);
        double Row(int stage) => Enumerable.Range(1, 4).Min(rows => ((DrexStrategy)steady.Strategy).Costs.Seconds(stage, rows) / rows);
        Assert.Equal(1, outcome.Ceiling!.Value * (Row(0) + (1 - outcome.ExitRate) * Row(1)), 9);
        Assert.Equal(0, outcome.Statistics.ActivationBytesCopied + outcome.Statistics.KvBytesCopied);
    }
}
