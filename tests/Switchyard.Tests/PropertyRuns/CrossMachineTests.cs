using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Properties;
using Switchyard.Properties.Faults;
using Switchyard.Properties.Reference;
using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests.PropertyRuns;

/// <summary>
/// Logits and drawn tokens of every tiny model, as committed digests: a process without AVX-512, or without any vector
/// instructions, must find the very same ones.
/// </summary>
[Collection(OneAtATime.Name)]
public sealed class CrossMachineTests
{
    private static readonly Dictionary<string, string> Golden = File
        .ReadLines(Path.Combine(TestPaths.RepositoryRoot, "tests", "Switchyard.Tests", "PropertyRuns", "Golden", "tiny-digests.txt"))
        .Where(line => !line.StartsWith('#'))
        .Select(line => line.Split(' '))
        .ToDictionary(parts => parts[0], parts => parts[1]);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Cpu_backend_finds_the_committed_digests(int threads) => Check(new CpuBackend(new CpuOptions { Threads = threads }));

    [Fact]
    public void Reference_backend_finds_the_committed_digests() => Check(new ReferenceBackend());

    [Fact]
    public void An_ulp_changes_the_digest()
    {
        LawSubject wrong = PlantedBackendBugs.InputsOff.Plant(new() { Name = "reference", Backend = _ => new ReferenceBackend() });
        using IBackend backend = wrong.Backend(1);
        using TransformerModel model = TinyModels.All[0].Open(backend, 0);
        Assert.NotEqual(Golden[TinyModels.All[0].Name], ModelDigest.Of(model));
    }

    private static void Check(IBackend backend)
    {
        using (backend)
        {
            var found = new List<string>();
            foreach (ModelSource source in TinyModels.All)
            {
                using TransformerModel model = source.Open(backend, 0);
                found.Add($"{source.Name} {ModelDigest.Of(model)}");
            }
            string[] committed = [.. Golden.Select(pair => $"{pair.Key} {pair.Value}")];
            Assert.True(committed.SequenceEqual(found), $"found\n{string.Join('\n', found)}\ncommitted\n{string.Join('\n', committed)}");
        }
    }
}
