using Switchyard.Backends.Cpu;
using Switchyard.Strategies;
using Xunit;

namespace Switchyard.Tests.Speculation;

/// <summary>The comparison with plain decoding is worth something only if it catches what can go wrong.</summary>
public sealed class PlantedStrategyTests
{
    [Theory]
    [InlineData(nameof(PlantedStrategy.Bug.None), false)]
    [InlineData(nameof(PlantedStrategy.Bug.AcceptsAnyDraft), true)]
    [InlineData(nameof(PlantedStrategy.Bug.KeepsRejectedSlots), false)] // no mistake: the next step finds slots that do not fit and drops them
    [InlineData(nameof(PlantedStrategy.Bug.ForgetsToAdvanceTheSampler), true)]
    [InlineData(nameof(PlantedStrategy.Bug.ReadsTheRowAfter), true)]
    public void Mistakes_in_a_verifier_are_caught(string bug, bool caught)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        DecodingRequest[] plain = Decoding.Requests(2, 7, i => Decoding.Options(i)), requests = Decoding.Requests(2, 7, i => Decoding.Options(i));
        Decoding.Plain(backend, "llama-linear-rope", 1, plain);
        using var strategy = new PlantedStrategy(Decoding.Runner(backend, "llama-linear-rope", 1), Enum.Parse<PlantedStrategy.Bug>(bug));
        Exception? failure = Record.Exception(() =>
        {
            Decoding.Run(strategy, requests, 2);
            Decoding.Same(plain, requests);
        });
        Assert.Equal(caught, failure is not null);
    }
}
