using Switchyard.Backends.Cpu;
using Switchyard.Model.Files;
using Switchyard.Properties;
using Switchyard.Strategies.Drex;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Drex;

/// <summary>Every form of DREX under the laws of early exit, and the default forms under those of all strategies.</summary>
[Collection(OneAtATime.Name)]
public sealed class DrexLawTests
{
    private static readonly string[] Settings =
        ["confidence=0.05", "confidence=0.05,kv=postfill,pending=2", "policy=latency-only", "policy=off", "rows=3,wait=4,parked=5", "stays=paper,split=0", "stays=paper,split=2,rows=6", "stays=paper", "policy=eager", "policy=median"];

    public static IEnumerable<object[]> Forms() =>
        from setting in Settings
        from law in DrexLaws.All
        select new object[] { setting, law.Id };

    public static TheoryData<string> Laws => LawTheories.Laws(StrategyLaws.All);

    [Theory]
    [MemberData(nameof(Forms))]
    public void Every_form_keeps_the_laws_of_early_exit(string settings, string law) => LawTheories.AssertHolds(law, Subject(settings, chance: false));

    [Theory]
    [InlineData("drex/alone")]
    [InlineData("drex/waiting")]
    [InlineData("drex/source-map")]
    public void A_rule_that_decides_by_chance_keeps_the_laws(string law) => LawTheories.AssertHolds(law, Subject("rows=4,wait=6", chance: true));

    [Theory]
    [MemberData(nameof(Laws))]
    public void Early_exit_keeps_the_laws_of_every_strategy(string law) => LawTheories.AssertHolds(law, Subject("confidence=0.05", chance: true));

    [Theory]
    [MemberData(nameof(TrainedForms))]
    public void The_trained_models_keep_the_laws_of_early_exit(string model, string settings, string law) =>
        LawTheories.AssertHolds(law, Subject(settings, chance: false) with { Models = [Trained(model)] });

    public static IEnumerable<object[]> TrainedForms() =>
        from form in ((string Model, string Settings)[])[("tales-1m", "confidence=0.15"), ("tales-1m", "confidence=0.15,exits=2,kv=postfill,pending=2"), ("tales-1m", "exits=1+3,stays=paper,split=1,rows=4")]
        from law in DrexLaws.All
        select new object[] { form.Model, form.Settings, law.Id };

    [Fact]
    public void The_trained_model_with_usable_exits_gives_in_company_what_it_gives_alone() =>
        LawTheories.AssertHolds("drex/alone", Subject("confidence=0.15,exits=4+8", chance: false) with { Models = [Trained("tales-10m")] });

    private static ModelSource Trained(string name) =>
        new(name, (backend, _) => ModelLoader.Load(Path.Combine(TestPaths.Models, name), backend, new LoadOptions { ContextLength = TinyModels.ContextLength }));

    private static LawSubject Subject(string settings, bool chance) => new()
    {
        Name = $"drex:{settings} on cpu",
        Backend = threads => new CpuBackend(new CpuOptions { Threads = threads }),
        Strategy = runner => new DrexStrategy(
            runner, DrexOptions.Parse(settings) with { LogCapacity = 1 << 14 }, chance ? new DrexParts { Rule = new ChanceRule(3) } : null),
    };
}
