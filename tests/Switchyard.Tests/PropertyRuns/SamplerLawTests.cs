using Switchyard.Properties;
using Switchyard.Properties.Reference;
using Xunit;

namespace Switchyard.Tests.PropertyRuns;

public sealed class SamplerLawTests
{
    private static readonly LawSubject Product = new() { Name = "sampler", Backend = _ => new ReferenceBackend() };

    public static TheoryData<string> Laws => LawTheories.Laws(LawBook.Of(LawKind.Sampling));

    public static TheoryData<string, string> Bugs => LawTheories.Bugs(LawBook.Of(LawKind.Sampling));

    [Theory]
    [MemberData(nameof(Laws))]
    public void Sampler_keeps_the_law(string law) => LawTheories.AssertHolds(law, Product);

    [Theory]
    [MemberData(nameof(Bugs))]
    public void Law_catches_the_planted_bug(string law, string bug) => LawTheories.AssertCaught(law, bug, Product);
}
