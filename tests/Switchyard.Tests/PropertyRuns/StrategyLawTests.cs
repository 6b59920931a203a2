using Switchyard.Backends.Cpu;
using Switchyard.Properties;
using Switchyard.Properties.Faults;
using Xunit;

namespace Switchyard.Tests.PropertyRuns;

[Collection(OneAtATime.Name)]
public sealed class StrategyLawTests
{
    private static readonly LawSubject Plain = new()
    {
        Name = "plain on cpu",
        Backend = threads => new CpuBackend(new CpuOptions { Threads = threads }),
        ClaimsNoAllocation = true,
    };

    public static TheoryData<string> Laws => LawTheories.Laws(LawBook.Of(LawKind.Strategy));

    public static TheoryData<string, string> Bugs => LawTheories.Bugs(LawBook.Of(LawKind.Strategy));

    [Theory]
    [MemberData(nameof(Laws))]
    public void Plain_decoding_keeps_the_law(string law) => LawTheories.AssertHolds(law, Plain);

    [Theory]
    [MemberData(nameof(Laws))]
    public void Speculation_without_the_planted_bugs_keeps_the_law(string law) =>
        LawTheories.AssertHolds(law, Plain with { Name = "sketch on cpu", Strategy = PlantedStrategyBugs.RightSketch, ClaimsNoAllocation = false });

    [Theory]
    [MemberData(nameof(Bugs))]
    public void Law_catches_the_planted_bug(string law, string bug) => LawTheories.AssertCaught(law, bug, Plain);
}
