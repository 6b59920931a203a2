using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Properties;
using Switchyard.Strategies;
using Switchyard.Strategies.Auto;
using Switchyard.Strategies.Cast;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.SpecRouter;
using Switchyard.Strategies.Speculation;
using Switchyard.Tensor;
using Switchyard.Tests.Speculation;
using Switchyard.Tests.SpecRouter;
using Xunit;

namespace Switchyard.Tests.Auto;

/// <summary>Strategies that take turns on one cache give plain decoding's tokens.</summary>
public sealed class AutoStrategyTests
{
    private static readonly AutoOptions Restless = new() { AllowedSteps = 1e6, FirstProbe = 1, LastProbe = 1, ProbeSteps = 1 };

    private static Func<ModelRunner, ISharedCacheStrategy>[] Arms(CpuBackend backend, string model, int seed, TimeProvider clock)
    {
        var options = new SpeculationOptions { Time = clock };
        return
        [
            target => new SpeculativeStrategy("lookup", target, new LookupDrafter(3, 1), new FixedShaper(5, 2, 6), options),
            target => new SpeculativeStrategy("chain", target, Decoding.Draft(backend, model, seed), FixedShaper.Chain(4), options),
            target => new SpeculativeStrategy("self", target, new SelfDrafter(target, target.Model.SharedExit(1), TinyModels.VocabSize), FixedShaper.Chain(2), options),
            target => new SpeculativeStrategy("cast", target, Decoding.Draft(backend, model, seed, DType.Q8_0),
                new CastShaper(new TableCosts(TableCosts.Affine(0.01, 1), TableCosts.Affine(0.001, 0.02)), new CastOptions()), options with { Reliability = new Reliability() }),
            target => new SpecRouterStrategy(
                [new LookupLevel(3, 1), Ladders.Rounded(backend, model, seed, DType.Q4_0), new ModelLevel("target", target, TinyModels.VocabSize, isTarget: true)],
                new RouterSimulationTests.Switching(seed, 3), new SpecRouterOptions { TokenCount = TinyModels.VocabSize, Time = clock }),
        ];
    }

    [Theory]
    [InlineData("llama-gqa-tied", 1, 1)]
    [InlineData("mistral-window", 2, 8)]
    [InlineData("qwen2-bias", 3, 4)]
    [InlineData("qwen3-qk-norm", 4, 3)]
    public void Tokens_are_plain_decodings_however_turns_change(string model, int seed, int together)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        DecodingRequest[] plain = Decoding.Requests(seed, 7, i => Decoding.Options(i)), requests = Decoding.Requests(seed, 7, i => Decoding.Options(i));
        Decoding.Plain(backend, model, seed, plain);
        var clock = new ErraticClock(seed);
        ModelRunner target = Decoding.Runner(backend, model, seed);
        using var auto = new AutoStrategy(target, Arms(backend, model, seed, clock), Restless with { Time = clock });
        auto.WarmUp([1, 2, 3]);
        StepStats stats = RouterRuns.Run(auto, requests, together);
        Decoding.Same(plain, requests);
        Assert.Equal(requests.Sum(request => request.Output.Length), stats.Emitted);
        Assert.All(auto.Uses, use => Assert.True(use.Steps > 0 && use.Failure is null, $"{use.Name}: {use.Steps} steps, {use.Failure}"));
        Assert.Equal(stats.Emitted, auto.Uses.Sum(use => use.Tokens));
        Assert.Equal(target.Pool.Store.Shape.Pages, target.Pool.UnreservedPages);
        Assert.Equal(target.Batch.Capacity, target.Batch.FreeRows);
    }

    [Fact]
    public void Change_of_turns_runs_no_token_of_the_target_twice()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        var clock = new ErraticClock(5);
        Func<ModelRunner, ISharedCacheStrategy>[] arms = Arms(backend, "llama-gqa-tied", 1, clock);
        ModelRunner target = Decoding.Runner(backend, "llama-gqa-tied", 1);
        using var auto = new AutoStrategy(target, [arms[0], arms[1], arms[4]], Restless with { Time = clock }); // those that draft outside the target
        DecodingRequest request = Decoding.Requests(1, 1, _ => new GenerationOptions { MaxNewTokens = 70, Temperature = 0.7f, Seed = 2, IgnoreEos = true })[0];
        StepStats stats = RouterRuns.Run(auto, [request], 1);
        // A row of the prompt once, then in every pass the token before and what was drafted: a rejected draft is the only waste.
        Assert.Equal(request.PromptLength - 1 + stats.TargetForwards + stats.Drafted, stats.LayerRows / target.Model.Config.LayerCount);
        Assert.All(auto.Uses, use => Assert.True(use.Steps > 0, use.Name));
    }

    [Fact]
    public void Strategy_that_throws_is_not_asked_again_and_changes_no_token()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        DecodingRequest[] plain = Decoding.Requests(4, 5, i => Decoding.Options(i)), requests = Decoding.Requests(4, 5, i => Decoding.Options(i));
        Decoding.Plain(backend, "llama-yarn", 4, plain);
        ModelRunner target = Decoding.Runner(backend, "llama-yarn", 4);
        var clock = new ErraticClock(4);
        using var auto = new AutoStrategy(
            target, [shared => new Broken(new AutoregressiveStrategy(shared), shared, after: 5), shared => new SpeculativeStrategy("lookup", shared, new LookupDrafter(3, 1), FixedShaper.Chain(3))],
            Restless with { Time = clock });
        RouterRuns.Run(auto, requests, 3);
        Decoding.Same(plain, requests);
        Assert.Equal("broken", auto.Uses[1].Failure?.Message);
        Assert.True(auto.Uses[2].Steps > 5);
        Assert.Equal(target.Pool.Store.Shape.Pages, target.Pool.UnreservedPages);
    }

    [Fact]
    public void Strategy_without_room_for_a_request_leaves_its_steps_to_others()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        DecodingRequest[] plain = Decoding.Requests(4, 5, i => Decoding.Options(i)), requests = Decoding.Requests(4, 5, i => Decoding.Options(i));
        Decoding.Plain(backend, "llama-yarn", 4, plain);
        ModelConfig config = TinyModels.Get("llama-yarn").Open(backend, 4).Config;
        var crowded = new ModelRunner(TinyModels.Build(backend, config, DType.Q8_0, 4), 64, 96, ownsModel: true);
        var clock = new ErraticClock(4);
        using var auto = new AutoStrategy(
            Decoding.Runner(backend, "llama-yarn", 4), [target => new SpeculativeStrategy("chain", target, new ModelDrafter(crowded, TinyModels.VocabSize, slack: 8), FixedShaper.Chain(3))],
            Restless with { Time = clock });
        RouterRuns.Run(auto, requests, 4);
        Decoding.Same(plain, requests);
    }

    [Fact]
    public void Cancelled_requests_leave_nothing_behind()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        var clock = new ErraticClock(6);
        ModelRunner target = Decoding.Runner(backend, "llama-gqa-tied", 1);
        using var auto = new AutoStrategy(target, Arms(backend, "llama-gqa-tied", 1, clock), Restless with { Time = clock });
        List<DecodingRequest> running = [.. Decoding.Requests(5, 6, i => new GenerationOptions { MaxNewTokens = 40, Seed = (ulong)i, IgnoreEos = true })];
        foreach (DecodingRequest request in running) Assert.True(auto.TryAdmit(request));
        for (int step = 0; running.Count > 0; step++)
        {
            auto.Step([.. running]);
            if (step % 4 != 3) continue;
            auto.Release(running[step % running.Count]);
            running.RemoveAt(step % running.Count);
        }
        Assert.Equal(target.Pool.Store.Shape.Pages, target.Pool.UnreservedPages);
        Assert.Equal(target.Pool.Store.Shape.Pages, target.Pool.FreePages);
        Assert.Equal(target.Batch.Capacity, target.Batch.FreeRows);
    }

    [Fact]
    public void Strategies_that_may_change_tokens_are_refused()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        using ModelRunner target = Decoding.Runner(backend, "llama-gqa-tied", 1);
        Assert.Throws<ArgumentException>(() => new AutoStrategy(target, [shared => new Broken(new AutoregressiveStrategy(shared), shared, 9) { Guarantee = DecodingGuarantee.BatchDependent }]));
    }

    /// <summary>Plain decoding that throws in the middle of a step, with rows staged.</summary>
    private sealed class Broken(AutoregressiveStrategy inner, ModelRunner runner, int after) : ISharedCacheStrategy
    {
        private readonly Dictionary<DecodingRequest, KvSequence> _caches = [];
        private int _steps;

        public string Name => "broken";
        public DecodingGuarantee Guarantee { get; init; } = DecodingGuarantee.Lossless;
        public int Slack => 4;

        public bool TryAttach(DecodingRequest request, KvSequence kv)
        {
            _caches[request] = kv;
            return inner.TryAttach(request, kv);
        }

        public bool TryAdmit(DecodingRequest request) => inner.TryAdmit(request);

        public StepStats Step(ReadOnlySpan<DecodingRequest> batch)
        {
            if (_steps++ < after) return inner.Step(batch);
            foreach (DecodingRequest request in batch) runner.Batch.Add(_caches[request], 1);
            throw new InvalidOperationException("broken");
        }

        public void Release(DecodingRequest request) => inner.Release(request);

        public void Dispose() => inner.Dispose();
    }
}
