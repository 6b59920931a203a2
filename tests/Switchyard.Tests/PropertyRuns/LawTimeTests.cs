using Switchyard.Backends.Cpu;
using Switchyard.Properties;
using Switchyard.Properties.Faults;
using Switchyard.Strategies;
using Xunit;

namespace Switchyard.Tests.PropertyRuns;

/// <summary>A law keeps to the time it is given, also in the middle of a case.</summary>
public sealed class LawTimeTests
{
    [Theory]
    [InlineData("tokens/same")]
    [InlineData("tokens/schedule")]
    [InlineData("steps/accounting")]
    public void A_slow_model_does_not_overrun_the_budget(string law)
    {
        var clock = new Clock();
        LawReport report = LawBook.Get(law).Check(Slow(clock), new LawOptions { Cases = 100, Budget = TimeSpan.FromSeconds(25), Time = clock });
        Assert.InRange(clock.Seconds, 25, 40); // a step of ten seconds is not interrupted; a case of minutes is
        Assert.Equal(LawOutcome.OutOfTime, report.Outcome);
        Assert.Contains("before one case had ended", report.Finding, StringComparison.Ordinal);
        Assert.Equal(0, report.Cases);
    }

    [Fact]
    public void Making_a_counter_example_smaller_has_a_budget_of_its_own()
    {
        var clock = new Clock();
        LawSubject wrong = PlantedStrategyBugs.DraftTaken.Plant(Slow(new Clock()));
        LawSubject subject = wrong with { Strategy = runner => new Slowed(wrong.Strategy(runner), clock) };
        LawReport report = LawBook.Get("tokens/same").Check(subject, new LawOptions { Cases = 100, Budget = TimeSpan.FromSeconds(1e6), ShrinkBudget = TimeSpan.FromSeconds(60), Time = clock });
        Assert.Equal(LawOutcome.Broken, report.Outcome);
        double found = clock.Seconds;
        var again = new Clock();
        LawSubject unlimited = wrong with { Strategy = runner => new Slowed(wrong.Strategy(runner), again) };
        LawBook.Get("tokens/same").Check(unlimited, new LawOptions { Cases = 100, Time = again });
        Assert.True(again.Seconds > found + 300, $"{again.Seconds} s without a limit, {found} s with one");
    }

    [Fact]
    public void Requests_are_cut_to_the_subjects_tokens()
    {
        int longest = 0;
        LawSubject subject = new()
        {
            Name = "counted",
            Backend = threads => new CpuBackend(new CpuOptions { Threads = threads }),
            MostNewTokens = 3,
            Strategy = runner => new Watched(new AutoregressiveStrategy(runner), tokens => longest = Math.Max(longest, tokens)),
        };
        Assert.Equal(LawOutcome.Held, LawBook.Get("tokens/same").Check(subject, new LawOptions { Cases = 10 }).Outcome);
        Assert.Equal(3, longest);
        Assert.Equal(LawOutcome.Held, LawBook.Get("tokens/same").Check(subject with { MostNewTokens = null }, new LawOptions { Cases = 10 }).Outcome);
        Assert.True(longest > 3);
    }

    private static LawSubject Slow(Clock clock) => new()
    {
        Name = "slow",
        Backend = threads => new CpuBackend(new CpuOptions { Threads = threads }),
        Strategy = runner => new Slowed(new AutoregressiveStrategy(runner), clock),
    };

    private sealed class Slowed(IDecodingStrategy inner, Clock clock) : StrategyDecorator(inner)
    {
        public override StepStats Step(ReadOnlySpan<DecodingRequest> batch)
        {
            clock.Seconds += 10;
            return Inner.Step(batch);
        }
    }

    private sealed class Watched(IDecodingStrategy inner, Action<int> released) : StrategyDecorator(inner)
    {
        public override void Release(DecodingRequest request)
        {
            released(request.Output.Length);
            Inner.Release(request);
        }
    }

    private sealed class Clock : TimeProvider
    {
        public double Seconds { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => (long)(Seconds * 1000);
    }
}
