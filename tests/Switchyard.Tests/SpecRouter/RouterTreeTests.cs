using Switchyard.Backends.Cpu;
using Switchyard.Properties;
using Switchyard.Strategies;
using Switchyard.Strategies.SpecRouter;
using Switchyard.Tensor;
using Switchyard.Tests.Speculation;
using Xunit;

namespace Switchyard.Tests.SpecRouter;

/// <summary>Trees at the last hop: the same tokens, more of them in a pass.</summary>
public sealed class RouterTreeTests
{
    private const int Branches = 8;

    public static TheoryData<int> Worlds => new(Enumerable.Range(0, TinyModels.All.Count));

    [Theory]
    [MemberData(nameof(Worlds))]
    public void Trees_on_random_ladders_give_the_tokens_of_plain_decoding(int world)
    {
        string model = TinyModels.All[world].Name;
        var random = new Random(world);
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        DecodingRequest[] plain = Decoding.Requests(world, 7, i => Decoding.Options(i)), requests = Decoding.Requests(world, 7, i => Decoding.Options(i));
        Decoding.Plain(backend, model, world, plain);
        using SpecRouterStrategy router = Router(Ladders.Random(backend, model, world, random), null);
        RouterRuns.Run(router, requests, 1 + world % 5);
        Decoding.Same(plain, requests);
    }

    [Theory]
    [InlineData(nameof(HostileLevel.Way.Strangers))]
    [InlineData(nameof(HostileLevel.Way.NotTokens))]
    [InlineData(nameof(HostileLevel.Way.ThrowsAtTimes))]
    public void Hostile_level_below_a_tree_only_costs_time(string way)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        DecodingRequest[] plain = Decoding.Requests(3, 7, i => Decoding.Options(i)), requests = Decoding.Requests(3, 7, i => Decoding.Options(i));
        Decoding.Plain(backend, "qwen2-bias", 3, plain);
        IChainLevel hostile = new HostileLevel(Ladders.Rounded(backend, "qwen2-bias", 3, DType.Q8_0), Enum.Parse<HostileLevel.Way>(way));
        using SpecRouterStrategy router = Router([Ladders.Rounded(backend, "qwen2-bias", 3, DType.Q4_0), hostile, Ladders.Target(backend, "qwen2-bias", 3)], Ladders.Fixed("0>1/2>2/4"));
        RouterRuns.Run(router, requests, 3);
        Decoding.Same(plain, requests);
    }

    [Theory]
    [InlineData("0>1/4", 0f)]
    [InlineData("0>1/4", 0.9f)]
    [InlineData("0>1/1", 0.9f)]
    public void Alternatives_are_kept_and_save_passes(string chain, float temperature)
    {
        (StepStats chains, _) = Decode(chain, temperature, 0);
        (StepStats trees, int drafted) = Decode(chain, temperature, Branches);
        Assert.Equal(chains.Emitted, trees.Emitted);
        Assert.True(trees.Drafted > chains.Drafted, "no alternative was shown");
        Assert.True(trees.TargetForwards < chains.TargetForwards, $"{trees.TargetForwards} passes with trees, {chains.TargetForwards} with chains");
        Assert.Equal(trees.Drafted, drafted);
    }

    [Fact]
    public void Rows_that_cost_more_than_they_bring_are_left_out()
    {
        (StepStats chains, _) = Decode("0>1/4", 0.9f, 0);
        (StepStats dear, _) = Decode("0>1/4", 0.9f, Branches, new Priced(10));
        (StepStats fair, _) = Decode("0>1/4", 0.9f, Branches, new Priced(0.1));
        (StepStats free, _) = Decode("0>1/4", 0.9f, Branches, new Priced(0));
        Assert.Equal(chains.Drafted, dear.Drafted);
        Assert.True(chains.Drafted < fair.Drafted && fair.Drafted < free.Drafted, $"{chains.Drafted}, {fair.Drafted}, {free.Drafted} nodes were shown");
    }

    [Fact]
    public void Step_with_trees_allocates_nothing_after_warm_up() =>
        Assert.Equal(0, Enumerable.Range(0, 3).Min(_ => BytesOfSteps())); // a collection may count a thread's unused buffer as used, but not three times

    private static long BytesOfSteps()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        using SpecRouterStrategy router = Router([Ladders.Rounded(backend, "llama-gqa-tied", 1, DType.Q4_0), Ladders.Target(backend, "llama-gqa-tied", 1)], Ladders.Fixed("0>1/3"));
        DecodingRequest[] requests = Decoding.Requests(5, 3, i => new GenerationOptions { Seed = (ulong)i, IgnoreEos = true, Temperature = 0.7f }, longest: 3);
        foreach (DecodingRequest request in requests) Assert.True(router.TryAdmit(request));
        while (requests.Min(request => request.Output.Length) < 66) router.Step(requests); // caches have grown to their full size
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 0; step < 8; step++) router.Step(requests);
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.DoesNotContain(requests, request => request.IsFinished);
        return bytes;
    }

    private static (StepStats Stats, int Drafted) Decode(string chain, float temperature, int branches, IChainPolicy? policy = null)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        DecodingRequest[] requests = Requests(), plain = Requests();
        Decoding.Plain(backend, "llama3-rope", 1, plain);
        using SpecRouterStrategy router = Router([Ladders.Rounded(backend, "llama3-rope", 1, DType.Q4_0), Ladders.Target(backend, "llama3-rope", 1)], policy ?? Ladders.Fixed(chain), branches);
        StepStats stats = RouterRuns.Run(router, requests, 2);
        Decoding.Same(plain, requests);
        Assert.All(requests, request => Assert.Equal(request.Statistics.AcceptedDraftTokens, request.Statistics.Levels!.Sum(level => level.Kept)));
        return (stats, requests.Sum(request => request.Statistics.Levels!.Sum(level => level.Offered)));

        DecodingRequest[] Requests() => Decoding.Requests(3, 6, i => new GenerationOptions { Seed = (ulong)i, Temperature = temperature, MaxNewTokens = 40, IgnoreEos = true });
    }

    private static SpecRouterStrategy Router(IChainLevel[] ladder, IChainPolicy? policy, int branches = Branches) => new(
        ladder, policy ?? new RouterSimulationTests.Switching(ladder.Length, ladder.Length), new SpecRouterOptions { TokenCount = TinyModels.VocabSize, MaxBranches = branches });

    /// <summary>A fixed chain at which every row costs so many tokens.</summary>
    private sealed class Priced(double tokens) : IChainPolicy
    {
        public ChainPlan Next(in ChainView view) => ChainPlan.Parse("0>1/4");

        public double PassTokens(PassShape shape) => tokens * shape.Rows;
    }
}
