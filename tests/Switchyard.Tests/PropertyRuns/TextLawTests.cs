using Switchyard.Model.Text;
using Switchyard.Properties;
using Switchyard.Properties.Reference;
using Xunit;

namespace Switchyard.Tests.PropertyRuns;

public sealed class TextLawTests
{
    private static readonly LawSubject Embedded = new()
    {
        Name = "the embedded model's tokenizer",
        Backend = _ => new ReferenceBackend(),
        Tokenizers = [Tokenizers.Open(Path.Combine(TestPaths.Models, "tales-1m"))],
    };

    public static TheoryData<string> Laws => LawTheories.Laws(LawBook.Of(LawKind.Text));

    public static TheoryData<string, string> Bugs => LawTheories.Bugs(LawBook.Of(LawKind.Text));

    [Theory]
    [MemberData(nameof(Laws))]
    public void Embedded_tokenizer_keeps_the_law(string law) => LawTheories.AssertHolds(law, Embedded);

    [Theory]
    [MemberData(nameof(Bugs))]
    public void Law_catches_the_planted_bug(string law, string bug) => LawTheories.AssertCaught(law, bug, Embedded);
}
