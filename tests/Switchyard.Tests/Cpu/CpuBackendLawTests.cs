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
    public void Cpu_backend_keeps_the_law(string law, Isa isa) =>
        LawTheories.AssertHolds(law, new LawSubject { Name = $"cpu-{isa}", Backend = threads => new CpuBackend(new CpuOptions { Threads = threads, Isa = isa }) });
}
