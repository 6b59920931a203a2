using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Properties;
using Switchyard.Strategies;
using Switchyard.Strategies.Auto;
using Switchyard.Strategies.Cast;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Passes;
using Switchyard.Strategies.SpecRouter;
using Switchyard.Strategies.Speculation;
using Switchyard.Tensor;
using Switchyard.Tests.Speculation;
using Switchyard.Tests.SpecRouter;
using Xunit;

namespace Switchyard.Tests.Auto;

/// <summary>Strategies that take turns on a target and on one draft.</summary>
public sealed class SharedDraftTests
{
    private const int Slack = 64;

    private static SharedRunner Draft(CpuBackend backend, string model, int seed)
    {
        using TransformerModel target = TinyModels.Get(model).Open(backend, seed);
        return new SharedRunner(new ModelRunner(TinyModels.Build(backend, target.Config, DType.Q4_0, seed), 200, 16 * 200, ownsModel: true), Slack);
    }

    [Theory]
    [InlineData("llama-gqa-tied", 1, 1)]
    [InlineData("mistral-window", 2, 8)]
    [InlineData("qwen3-qk-norm", 4, 3)]
    public void Tokens_are_plain_decodings_and_nothing_is_left_behind(string model, int seed, int together)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        DecodingRequest[] plain = Decoding.Requests(seed, 7, i => Decoding.Options(i)), requests = Decoding.Requests(seed, 7, i => Decoding.Options(i));
        Decoding.Plain(backend, model, seed, plain);
        var clock = new ErraticClock(seed);
        var options = new SpeculationOptions { Time = clock };
        SharedRunner draft = Draft(backend, model, seed);
        ModelRunner one = draft.Join();
        var auto = new AutoStrategy(
            Decoding.Runner(backend, model, seed),
            [
                target => new SpeculativeStrategy("cast", target, new ModelDrafter(draft.Join(), TinyModels.VocabSize, slack: Slack),
                    new CastShaper(new TableCosts(TableCosts.Affine(0.01, 1), TableCosts.Affine(0.001, 0.02)), new CastOptions()), options with { Reliability = new Reliability() }),
                target => new SpeculativeStrategy("chain", target, new ModelDrafter(draft.Join(), TinyModels.VocabSize, slack: 2), FixedShaper.Chain(2), options),
                target => new SpecRouterStrategy(
                    [new ModelLevel("draft", draft.Join(), TinyModels.VocabSize), new ModelLevel("target", target, TinyModels.VocabSize, isTarget: true)],
                    new RouterSimulationTests.Switching(seed, 2), new SpecRouterOptions { TokenCount = TinyModels.VocabSize, Time = clock }),
            ],
            new AutoOptions { AllowedSteps = 1e6, FirstProbe = 1, LastProbe = 1, ProbeSteps = 1, Time = clock });
        RouterRuns.Run(auto, requests, together);
        Decoding.Same(plain, requests);
        Assert.All(auto.Uses, use => Assert.True(use.Steps > 0 && use.Failure is null, $"{use.Name}: {use.Steps} steps, {use.Failure}"));
        Assert.Equal(0, draft.CacheCount);
        Assert.Equal(one.Pool.Store.Shape.Pages, one.Pool.UnreservedPages);
        Assert.Equal(one.Batch.Capacity, one.Batch.FreeRows);
        auto.Dispose();
        Assert.False(draft.IsFreed);
        one.Dispose();
        Assert.True(draft.IsFreed);
    }

    [Fact]
    public void What_one_user_has_cached_the_next_reads()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        SharedRunner draft = Draft(backend, "llama-gqa-tied", 1);
        var chunks = new PromptChunks(Alone: 8, AmongDecoding: 4);
        using var first = new ModelDrafter(draft.Join(), TinyModels.VocabSize, slack: 8, chunks: chunks);
        using var second = new ModelDrafter(draft.Join(), TinyModels.VocabSize, slack: 8, chunks: chunks);
        var request = new DecodingRequest(Enumerable.Range(0, 60).Select(i => i % TinyModels.VocabSize).ToArray(), new GenerationOptions { MaxNewTokens = 8, Seed = 1 });
        DraftSession early = Open(first, request), late = Open(second, request);
        int calls = CallsUntilGuess(first, early);
        Assert.True(calls > 5, $"a prompt of 60 tokens was read in {calls} calls");
        Assert.Equal(1, CallsUntilGuess(second, late));
        first.Close(early);
        Assert.Equal(1, draft.CacheCount);
        second.Close(late);
        Assert.Equal(0, draft.CacheCount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Strategies_tell_what_their_drafts_lag_behind_and_read(bool router)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        SharedRunner draft = Draft(backend, "llama-gqa-tied", 1);
        using ModelRunner target = Decoding.Runner(backend, "llama-gqa-tied", 1);
        var chunks = new PromptChunks(Alone: 8, AmongDecoding: 4);
        using var plain = new AutoregressiveStrategy(target.Share());
        using ISharedCacheStrategy one = Chain("one"), two = router
            ? new SpecRouterStrategy([new ModelLevel("draft", draft.Join(), TinyModels.VocabSize), new ModelLevel("target", target.Share(), TinyModels.VocabSize, isTarget: true)],
                new RouterSimulationTests.Switching(1, 2), new SpecRouterOptions { TokenCount = TinyModels.VocabSize, PromptChunks = chunks })
            : Chain("two");
        var request = new DecodingRequest(Enumerable.Range(0, 60).Select(i => i % TinyModels.VocabSize).ToArray(), new GenerationOptions { MaxNewTokens = 40, IgnoreEos = true, Seed = 1 });
        KvSequence kv = Admission.TryReserve(target, request, 8)!;
        Assert.True(plain.TryAttach(request, kv));
        object? plains = request.State;
        while (request.Output.Length == 0) plain.Step([request]);
        request.State = null;
        Assert.Equal((request.Tokens.Length, request.Tokens.Length), (one.Lag(request), two.Lag(request)));

        Assert.True(one.TryAttach(request, kv));
        StepStats stats = default;
        for (int steps = 0; stats.Drafted == 0; steps++)
        {
            Assert.True(steps < 40, "never drafts");
            int lag = one.Lag(request);
            StepStats step = one.Step([request]);
            Assert.Equal(lag > 16, step.CaughtUp > 0); // what is little is read with the guess
            stats += step;
        }
        Assert.InRange(stats.CaughtUp, 40, request.Tokens.Length);
        Assert.InRange(one.Lag(request), 0, 4);
        object? ones = request.State;
        request.State = null;
        Assert.InRange(two.Lag(request), 0, 4); // what one has read, the other need not
        Assert.True(two.TryAttach(request, kv));
        for (stats = default; stats.Drafted == 0 && !request.IsFinished;) stats += two.Step([request]);
        Assert.Equal(0, stats.CaughtUp);
        two.Release(request);
        request.State = ones;
        one.Release(request);
        request.State = plains;
        plain.Release(request);
        target.Pool.Return(kv);

        SpeculativeStrategy Chain(string name) =>
            new(name, target.Share(), new ModelDrafter(draft.Join(), TinyModels.VocabSize, slack: 8, chunks: chunks), FixedShaper.Chain(2));
    }

    [Fact]
    public void Room_is_reserved_once_for_all_users_and_given_back_with_the_last()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        SharedRunner draft = Draft(backend, "llama-gqa-tied", 1);
        using ModelRunner one = draft.Join(), two = draft.Join();
        object request = new(), other = new();
        KvSequence kv = one.TryRent(request, needed: 100, slack: 4)!;
        Assert.Equal(100 + Slack, kv.Capacity);
        Assert.Same(kv, two.TryRent(request, needed: 90));
        Assert.Null(two.TryRent(request, needed: 1000)); // more than was reserved: no room, as if the pool were full
        Assert.NotSame(kv, two.TryRent(other, needed: 90));
        int reserved = one.Pool.UnreservedPages;
        one.Return(request, kv);
        Assert.Equal(reserved, one.Pool.UnreservedPages);
        two.Return(request, kv);
        Assert.True(one.Pool.UnreservedPages > reserved);
        two.Return(request, kv); // a second call does nothing
        Assert.Equal(1, draft.CacheCount);
    }

    [Fact]
    public void Nobody_joins_what_was_freed()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        SharedRunner draft = Draft(backend, "llama-gqa-tied", 1);
        ModelRunner one = draft.Join(), two = draft.Join();
        one.Dispose();
        one.Dispose();
        Assert.False(draft.IsFreed);
        two.Dispose();
        Assert.Throws<ObjectDisposedException>(draft.Join);
        Assert.Equal(0, backend.Counters.BytesHeld);
    }

    private static DraftSession Open(ModelDrafter drafter, DecodingRequest request)
    {
        var session = new DraftSession(request, TinyModels.VocabSize, new Reliability());
        Assert.True(drafter.TryOpen(session));
        return session;
    }

    private static int CallsUntilGuess(ModelDrafter drafter, DraftSession session)
    {
        for (int calls = 1; ; calls++)
        {
            session.Begin(maxDepth: 2, maxNodes: 4);
            drafter.Expand([session], 2);
            bool guessed = session.Tree.Count > 0;
            drafter.Observe([session]);
            if (guessed) return calls;
        }
    }
}
