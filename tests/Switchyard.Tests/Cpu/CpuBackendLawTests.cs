using Switchyard.Backends.Cpu;
using Switchyard.Properties;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Cpu;

[Collection(OneAtATime.Name)]
public sealed class CpuBackendLawTests
{
    /// <summary>Every law with every form of kernels that this machine has.</summary>
    public static TheoryData<string, Isa> Laws
    {
        get
        {
            TheoryData<string, Isa> data = [];
            foreach (Isa isa in CpuForms.Supported)
                foreach (Law law in LawBook.Of(LawKind.Backend)) data.Add(law.Id, isa);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Laws))]
    public void Cpu_backend_keeps_the_law(string law, Isa isa)
    {
        // The form that users get has all cases; the others share their generic code and get fewer.
        LawOptions options = LawTheories.Options;
        if (isa != CpuForms.Supported[^1]) options = options with { Effort = 0.25 * options.Effort };
        var subject = new LawSubject { Name = $"cpu-{isa}", Backend = threads => new CpuBackend(new CpuOptions { Threads = threads, Isa = isa }) };
        LawReport report = LawBook.Get(law).Check(subject, options).ThrowIfBroken();
        Assert.True(report.Outcome is LawOutcome.Held or LawOutcome.NotApplicable, report.ToString());
    }
}
