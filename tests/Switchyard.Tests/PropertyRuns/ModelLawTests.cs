using Switchyard.Backends.Cpu;
using Switchyard.Properties;
using Switchyard.Properties.Reference;
using Xunit;

namespace Switchyard.Tests.PropertyRuns;

[Collection(OneAtATime.Name)]
public sealed class ModelLawTests
{
    public static TheoryData<string> Laws => LawTheories.Laws(LawBook.Of(LawKind.Model));

    [Theory]
    [MemberData(nameof(Laws))]
    public void Models_on_the_cpu_backend_keep_the_law(string law) =>
        LawTheories.AssertHolds(law, new LawSubject { Name = "cpu", Backend = threads => new CpuBackend(new CpuOptions { Threads = threads }) });
}

public sealed class PlantedModelBugTests
{
    public static TheoryData<string, string> Bugs => LawTheories.Bugs(LawBook.Of(LawKind.Model));

    [Theory]
    [MemberData(nameof(Bugs))]
    public void Law_catches_the_planted_bug(string law, string bug) =>
        LawTheories.AssertCaught(law, bug, new LawSubject { Name = "reference", Backend = _ => new ReferenceBackend() });
}
