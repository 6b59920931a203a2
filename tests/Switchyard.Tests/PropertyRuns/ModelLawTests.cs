using Switchyard.Properties;
using Switchyard.Properties.Reference;
using Xunit;

namespace Switchyard.Tests.PropertyRuns;

public sealed class ModelLawTests
{
    private static readonly LawSubject Reference = new() { Name = "reference", Backend = _ => new ReferenceBackend() };

    public static TheoryData<string> Laws => LawTheories.Laws(LawBook.Of(LawKind.Model));

    public static TheoryData<string, string> Bugs => LawTheories.Bugs(LawBook.Of(LawKind.Model));

    [Theory]
    [MemberData(nameof(Laws))]
    public void Reference_backend_keeps_the_law(string law) => LawTheories.AssertHolds(law, Reference);

    [Theory]
    [MemberData(nameof(Bugs))]
    public void Law_catches_the_planted_bug(string law, string bug) => LawTheories.AssertCaught(law, bug, Reference);
}
