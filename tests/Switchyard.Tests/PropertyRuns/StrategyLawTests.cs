using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Properties;
using Switchyard.Properties.Faults;
using Switchyard.Strategies.Cast;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Speculation;
using Switchyard.Tests.Cast;
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
    [MemberData(nameof(Laws))]
    public void Speculation_by_lookup_keeps_the_law(string law) => LawTheories.AssertHolds(law, Plain with
    {
        Name = "lookup on cpu",
        Strategy = runner => new SpeculativeStrategy("lookup", runner, new LookupDrafter(longest: 3, shortest: 1), new FixedShaper(depth: 3, breadth: 2, nodes: 6)),
        ClaimsNoAllocation = false,
    });

    [Theory]
    [MemberData(nameof(Laws))]
    public void Speculation_by_a_model_keeps_the_law(string law) => LawTheories.AssertHolds(law, Plain with
    {
        Name = "tree on cpu",
        Strategy = runner => new SpeculativeStrategy(
            "tree", runner, new ModelDrafter(new ModelRunner(runner.Model, batchRows: 48, cacheSlots: 2048)), new FixedShaper(depth: 4, breadth: 3, nodes: 8)),
        ClaimsNoAllocation = false,
    });

    [Theory]
    [MemberData(nameof(Laws))]
    public void Speculation_whose_trees_follow_costs_keeps_the_law(string law) => LawTheories.AssertHolds(law, Plain with
    {
        Name = "cast on cpu",
        Strategy = runner => new SpeculativeStrategy(
            "cast", runner, new SelfDrafter(runner, runner.Model.SharedExit(1)),
            new CastShaper(new TableCosts(Trees.RandomTable(new Random(5)), Trees.RandomTable(new Random(6), 0.1)), new CastOptions { MaxDepth = 4, MaxBreadth = 3, MaxNodes = 8 }),
            new() { Reliability = new Reliability() }),
        ClaimsNoAllocation = false,
    });

    [Theory]
    [MemberData(nameof(Laws))]
    public void Ladder_that_changes_its_chain_at_every_pass_keeps_the_law(string law) =>
        LawTheories.AssertHolds(law, Plain with { Name = "ladder on cpu", Strategy = PlantedRouterBugs.RightLadder, ClaimsNoAllocation = false });

    [Theory]
    [MemberData(nameof(Bugs))]
    public void Law_catches_the_planted_bug(string law, string bug) => LawTheories.AssertCaught(law, bug, Plain);
}
