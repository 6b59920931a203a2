using System.Reflection;
using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Properties;
using Switchyard.Strategies;
using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests.Api;

/// <summary>What the packages offer is written down in a file, so that a change of it shows where changes are read.</summary>
public sealed class PublicApiTests
{
    private static readonly string Approved = Path.Combine(TestPaths.RepositoryRoot, "tests", "Switchyard.Tests", "Api", "PublicApi.approved.txt");

    private static readonly Assembly[] Shipped =
    [
        typeof(IBackend).Assembly, typeof(ModelConfig).Assembly, typeof(IDecodingStrategy).Assembly, typeof(CpuBackend).Assembly, typeof(Law).Assembly, typeof(LocalModel).Assembly,
    ];

    [Fact]
    public void Public_members_are_the_approved_ones()
    {
        string[] offered = [.. Shipped.SelectMany(PublicApi.Lines)], approved = File.Exists(Approved) ? File.ReadAllLines(Approved) : [];
        string[] gone = [.. approved.Except(offered)], added = [.. offered.Except(approved)];
        if (gone.Length + added.Length == 0) return;
        string received = Path.Combine(AppContext.BaseDirectory, "PublicApi.received.txt");
        File.WriteAllLines(received, offered);
        Assert.Fail($"The public members changed. If that is meant, copy {received} over {Approved}.{Environment.NewLine}{string.Join(Environment.NewLine, gone.Select(line => $"- {line}").Concat(added.Select(line => $"+ {line}")).Take(40))}");
    }

    [Fact]
    public void A_member_more_or_less_shows()
    {
        string[] lines = [.. PublicApi.Lines(typeof(PublicApiTests).Assembly)];
        Assert.Contains($"Switchyard.Tests.Api.PublicApiTests: Void {nameof(A_member_more_or_less_shows)}()", lines);
        Assert.DoesNotContain(lines, line => line.Contains(nameof(Shipped), StringComparison.Ordinal));
    }
}
