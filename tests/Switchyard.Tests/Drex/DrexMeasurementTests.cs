using Switchyard.Properties.Faults;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;
using Xunit;

namespace Switchyard.Tests.Drex;

/// <summary>The measurement measures every policy alike, and changes nothing.</summary>
public sealed class DrexMeasurementTests
{
    [Fact]
    public void Synthetic_decisions_are_the_same_for_every_policy_that_forces_nobody()
    {
        (DrexMeasurementReport waiting, DrexStatistics gathered) = Measure(new DrexOptions { MaxRows = 4 }, new NeverRule());
        (DrexMeasurementReport going, DrexStatistics alone) = Measure(new DrexOptions { MaxRows = 4 }, new ChanceRule(1, outOf: 1));
        (DrexMeasurementReport off, DrexStatistics plain) = Measure(new DrexOptions { Policy = DrexPolicy.Off }, null);
        Assert.Equal(going.Outputs, waiting.Outputs);
        Assert.Equal(alone.ExitTokens, gathered.ExitTokens);
        Assert.InRange(alone.ExitTokens / (double)(alone.ExitTokens + alone.DeepTokens), 0.4, 0.6);
        Assert.Equal(0, plain.ExitTokens);
        Assert.All(off.Outputs, o => Assert.Equal(25, o.Length));
        foreach (DrexMeasurementReport report in (DrexMeasurementReport[])[waiting, going, off])
        {
            Assert.True(report.Throughput > 0 && report.Tokens > 0 && report.Tokens <= 10 * 25 && report.LayerRows > 0);
            Assert.True(report.Gap50 > 0 && report.Gap50 <= report.Gap95 && report.Gap95 <= report.Gap99);
            Assert.True(report.MeanRequestSeconds > 0);
        }
        Assert.True(waiting.Gap99 > going.Gap99);
    }

    private static (DrexMeasurementReport, DrexStatistics) Measure(DrexOptions options, IRebatchRule? rule)
    {
        var time = new SteppingTime(1);
        var parts = new DrexParts { Rule = rule, Time = time, Confidence = new SeededConfidence(7) };
        using var strategy = new DrexStrategy(DrexModels.Runner("llama"), options with { Exits = options.Policy == DrexPolicy.Off ? null : [3], Confidence = 0.5f }, parts);
        int[][] prompts = DrexDriver.Prompts(new Random(1), 10, 5);
        return (DrexMeasurement.Run(strategy, prompts, i => new GenerationOptions { MaxNewTokens = 25, Seed = (ulong)i }, 6, time), strategy.Statistics);
    }
}
