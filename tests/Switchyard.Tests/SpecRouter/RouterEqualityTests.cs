using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Properties;
using Switchyard.Properties.Faults;
using Switchyard.Strategies;
using Switchyard.Strategies.Sampling;
using Switchyard.Strategies.SpecRouter;
using Switchyard.Tensor;
using Switchyard.Tests.Speculation;
using Xunit;

namespace Switchyard.Tests.SpecRouter;

/// <summary>The router gives plain decoding's tokens, whatever the ladder, the chain, the schedule and the company.</summary>
public sealed class RouterEqualityTests
{
    private const int Requests = 8; // every kind of options, and batches of up to eight

    public static TheoryData<int> Worlds => new(Enumerable.Range(0, TinyModels.All.Count));

    [Theory]
    [MemberData(nameof(Worlds))]
    public void Random_ladders_with_another_chain_at_every_pass_give_the_tokens_of_plain_decoding(int world)
    {
        var random = new Random(world);
        string model = TinyModels.All[world % TinyModels.All.Count].Name;
        Check(model, world, together: 1 + random.Next(8), backend => Ladders.Router(Ladders.Random(backend, model, world, random)));
    }

    [Theory]
    [InlineData("0>1/3>2/6", 1)]
    [InlineData("0>1/2>2/4!", 8)]
    [InlineData("1>2/5", 4)]
    [InlineData("2", 3)]
    public void Fixed_chains_give_the_tokens_of_plain_decoding(string chain, int together) => Check("qwen3-qk-norm", 5, together, backend => Ladders.Router(
        [Ladders.Rounded(backend, "qwen3-qk-norm", 5, DType.Q4_0), Ladders.Rounded(backend, "qwen3-qk-norm", 5, DType.Q8_0), Ladders.Target(backend, "qwen3-qk-norm", 5)],
        Ladders.Fixed(chain)));

    [Fact]
    public void The_planner_gives_the_tokens_of_plain_decoding() => Check("llama-yarn", 6, 5, backend =>
    {
        IChainLevel[] ladder = [new LookupLevel(3, 1), Ladders.Rounded(backend, "llama-yarn", 6, DType.Q4_0), Ladders.Target(backend, "llama-yarn", 6)];
        return Ladders.Router(ladder, new ChainPlanner(
            new SimilarityTracker(3), LevelCosts.ByWeights(0, 1_000_000, 90_000_000), new() { Exploration = 0.5, Interval = 3, ExplorationBlocks = 2 }));
    });

    [Theory]
    [InlineData(nameof(HostileLevel.Way.ThrowsInRun), 1)]
    [InlineData(nameof(HostileLevel.Way.ThrowsInRun), 0)]
    [InlineData(nameof(HostileLevel.Way.ThrowsInAdd), 1)]
    [InlineData(nameof(HostileLevel.Way.ThrowsInMissing), 1)]
    [InlineData(nameof(HostileLevel.Way.ThrowsInOpen), 1)]
    [InlineData(nameof(HostileLevel.Way.ThrowsInClose), 1)]
    [InlineData(nameof(HostileLevel.Way.ThrowsAtTimes), 1)]
    [InlineData(nameof(HostileLevel.Way.Strangers), 1)]
    [InlineData(nameof(HostileLevel.Way.Strangers), 0)]
    [InlineData(nameof(HostileLevel.Way.NotTokens), 1)]
    [InlineData(nameof(HostileLevel.Way.NotTokens), 0)]
    [InlineData(nameof(HostileLevel.Way.NotNumbers), 1)]
    [InlineData(nameof(HostileLevel.Way.Silent), 1)]
    [InlineData(nameof(HostileLevel.Way.Silent), 0)]
    public void Hostile_level_only_costs_time_and_is_reported(string way, int place) => Check("qwen2-bias", 3, 3, backend =>
    {
        IChainLevel[] ladder = [Ladders.Rounded(backend, "qwen2-bias", 3, DType.Q4_0), Ladders.Rounded(backend, "qwen2-bias", 3, DType.Q8_0), Ladders.Target(backend, "qwen2-bias", 3)];
        ladder[place] = new HostileLevel(ladder[place], Enum.Parse<HostileLevel.Way>(way));
        return Ladders.Router(ladder, Ladders.Fixed("0>1/2>2/5"));
    }, router =>
    {
        LevelReport report = router.Levels[place];
        if (way == nameof(HostileLevel.Way.Strangers)) return;
        Assert.True(report.Failures + report.RefusedAnswers > 0, report.ToString());
        if (way.StartsWith("Throws", StringComparison.Ordinal)) Assert.Contains("hostile", report.ToString(), StringComparison.Ordinal);
        Assert.True(report.Failures + report.RefusedAnswers < 60, $"It was asked again and again: {report}");
    });

    [Fact]
    public void Level_with_a_shorter_context_and_a_smaller_vocabulary_is_left_out_where_it_cannot_serve()
    {
        Check("llama-bf16", 4, 4, backend =>
        {
            ModelConfig config = TinyModels.Get("llama-bf16").Open(backend, 4).Config;
            var small = new ModelRunner(TinyModels.Build(backend, config with { VocabSize = TinyModels.VocabSize - 9 }, DType.F32, 4), 32, 2048, ownsModel: true);
            var brief = new ModelRunner(TinyModels.Build(backend, config, DType.BF16, 4, contextLength: 33), 32, 2048, ownsModel: true);
            return Ladders.Router([new ModelLevel("small", small, TinyModels.VocabSize), new ModelLevel("brief", brief, TinyModels.VocabSize), Ladders.Target(backend, "llama-bf16", 4)], Ladders.Fixed("0>1/2>2/5"));
        }, router => Assert.All(router.Levels, level => Assert.Equal(0, level.Failures)));
    }

    [Fact]
    public void Cache_room_for_one_request_of_a_draft_only_makes_others_do_without_it() => Check("llama-q8_0", 2, 6, backend =>
    {
        ModelConfig config = TinyModels.Get("llama-q8_0").Open(backend, 2).Config;
        var crowded = new ModelRunner(TinyModels.Build(backend, config, DType.Q4_0, 2), 32, 96, ownsModel: true);
        return Ladders.Router([new ModelLevel("crowded", crowded, TinyModels.VocabSize), Ladders.Target(backend, "llama-q8_0", 2)], Ladders.Fixed("0>1/4"));
    });

    [Fact]
    public void Target_that_takes_the_drafts_word_is_caught() // the negative control of every test above
    {
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => Check("llama3-rope", 1, 3, backend => Ladders.Router(
            [Ladders.Rounded(backend, "llama3-rope", 1, DType.Q4_0), new Credulous(Ladders.Target(backend, "llama3-rope", 1))], Ladders.Fixed("0>1/3"))));
    }

    [Fact]
    public void Logits_of_the_target_that_are_not_numbers_end_that_request_alone_with_the_error()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        using SpecRouterStrategy router = Ladders.Router(
            [Ladders.Rounded(backend, "llama3-rope", 1, DType.Q4_0), new HostileLevel(Ladders.Target(backend, "llama3-rope", 1), HostileLevel.Way.NotNumbersForOdd)], Ladders.Fixed("0>1/3"));
        DecodingRequest[] requests = Decoding.Requests(1, 4, i => new GenerationOptions { MaxNewTokens = 12, Seed = (ulong)i, IgnoreEos = true });
        RouterRuns.Run(router, requests, 4);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(i % 2 == 0 ? FinishReason.Length : FinishReason.Failed, requests[i].FinishReason);
            if (i % 2 != 0) Assert.IsType<LogitsException>(requests[i].Error);
        }
    }

    [Fact]
    public void Cancelled_requests_leave_nothing_behind()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        var ladder = new[] { Ladders.Rounded(backend, "llama-gqa-tied", 1, DType.Q4_0), Ladders.Target(backend, "llama-gqa-tied", 1) };
        using SpecRouterStrategy router = Ladders.Router(ladder, Ladders.Fixed("0>1/4"));
        DecodingRequest[] requests = Decoding.Requests(5, 6, i => new GenerationOptions { MaxNewTokens = 40, Seed = (ulong)i, IgnoreEos = true });
        List<DecodingRequest> running = [.. requests];
        foreach (DecodingRequest request in requests) Assert.True(router.TryAdmit(request));
        for (int step = 0; running.Count > 0; step++)
        {
            router.Step([.. running]);
            if (step % 3 != 2) continue;
            router.Release(running[step % running.Count]);
            running.RemoveAt(step % running.Count);
        }
        foreach (ModelLevel level in ladder)
        {
            Assert.Equal(level.Runner.Pool.Store.Shape.Pages, level.Runner.Pool.UnreservedPages);
            Assert.Equal(level.Runner.Pool.Store.Shape.Pages, level.Runner.Pool.FreePages);
            Assert.Equal(level.Capacity, level.Room);
        }
    }

    [Fact]
    public void Step_allocates_nothing_after_warm_up()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        IChainLevel[] ladder = [new LookupLevel(3, 1), Ladders.Rounded(backend, "llama-gqa-tied", 1, DType.Q8_0), Ladders.Target(backend, "llama-gqa-tied", 1)];
        using SpecRouterStrategy router = Ladders.Router(ladder, Ladders.Fixed("0>1/2>2/4"));
        DecodingRequest[] requests = Decoding.Requests(5, 3, i => new GenerationOptions { Seed = (ulong)i, IgnoreEos = true, Temperature = 0.7f }, longest: 3);
        foreach (DecodingRequest request in requests) Assert.True(router.TryAdmit(request));
        while (requests[0].Output.Length < 70) router.Step(requests);
        // Steps that allocate do so every time; the runtime itself may do so once.
        long allocated = long.MaxValue;
        for (int turn = 0; turn < 3 && allocated != 0; turn++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int step = 0; step < 6; step++) router.Step(requests);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.Equal(0, allocated);
        Assert.DoesNotContain(requests, request => request.IsFinished);
    }

    private static void Check(string model, int seed, int together, Func<IBackend, SpecRouterStrategy> make, Action<SpecRouterStrategy>? then = null)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        DecodingRequest[] plain = Decoding.Requests(seed, Requests, i => Decoding.Options(i)), requests = Decoding.Requests(seed, Requests, i => Decoding.Options(i));
        Decoding.Plain(backend, model, seed, plain);
        using SpecRouterStrategy router = make(backend);
        StepStats stats = RouterRuns.Run(router, requests, together);
        Decoding.Same(plain, requests);
        Assert.Equal(requests.Sum(request => request.Output.Length), stats.Emitted);
        then?.Invoke(router);
    }
}
