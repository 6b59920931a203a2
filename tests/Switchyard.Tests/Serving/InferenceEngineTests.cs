using Switchyard.Strategies;
using Switchyard.Strategies.Serving;
using Switchyard.Tests.Sampling;
using Xunit;

namespace Switchyard.Tests.Serving;

public class InferenceEngineTests
{
    private static readonly ByteText Text = new([.. Enumerable.Range(0, ToyStrategy.Vocabulary).Select(i => new[] { (byte)('a' + i) })]);
    private static readonly GenerationOptions Endless = new() { Temperature = 1, Seed = 3 };

    [Fact]
    public async Task Five_streams_of_which_one_is_abandoned_equal_each_alone()
    {
        Assert.True(await TogetherEqualsAlone(() => new ToyStrategy()));
        Assert.False(await TogetherEqualsAlone(() => new ToyStrategy { CompanyMatters = true })); // the check can fail
    }

    private static async Task<bool> TogetherEqualsAlone(Func<ToyStrategy> make)
    {
        InferenceRequest[] requests = [.. Enumerable.Range(0, 5).Select(i =>
            Request([.. Enumerable.Range(1, 3 * i + 1)], 40 + i, temperature: i % 2, seed: (ulong)i))];
        var alone = new List<GenerationResult>();
        foreach (InferenceRequest request in requests)
        {
            await using var engine = new InferenceEngine(make(), Text);
            alone.Add(await engine.GenerateAsync(request));
        }

        ToyStrategy strategy = make();
        strategy.Gate.Reset();
        await using var shared = new InferenceEngine(strategy, Text);
        var generations = new List<Generation>();
        for (int i = 0; i < 5; i++)
            generations.Add(await shared.StartAsync(i == 2 ? requests[i] with { Options = requests[i].Options with { MaxNewTokens = null } } : requests[i]));
        strategy.Gate.Set();
        List<GeneratedToken>[] together = await Task.WhenAll(generations.Select((generation, i) => Read(generation, i == 2 ? 7 : int.MaxValue)));

        bool same = true;
        for (int i = 0; i < 5; i++)
        {
            int count = i == 2 ? 7 : alone[i].Tokens.Count;
            same &= alone[i].Tokens.Take(count).SequenceEqual(together[i].Select(t => t.Token));
            same &= alone[i].Text!.StartsWith(string.Concat(together[i].Select(t => t.Text)), StringComparison.Ordinal);
            if (i != 2) Assert.Equal(FinishReason.Length, together[i][^1].FinishReason);
        }
        Assert.True(strategy.LargestBatch > 1);
        Assert.Equal(0, strategy.Held);
        Assert.Equal((4, 1, 0, 0), ((int)shared.Metrics.Completed, (int)shared.Metrics.Cancelled, shared.Metrics.Running, shared.Metrics.Waiting));
        return same;
    }

    [Fact]
    public async Task An_abandoned_stream_has_freed_its_place_when_the_loop_is_left()
    {
        var strategy = new ToyStrategy();
        await using var engine = new InferenceEngine(strategy, options: new EngineOptions { MaxBatch = 1 });
        for (int i = 0; i < 5; i++)
        {
            await foreach (GeneratedToken _ in engine.StreamAsync(new((int[])[1, 2, 3], Endless))) break;
            Assert.Equal((0, 0), (strategy.Held, engine.Metrics.Running));
        }
    }

    [Fact]
    public async Task Cancellation_ends_running_and_waiting_requests_and_nobody_else()
    {
        var strategy = new ToyStrategy();
        await using var engine = new InferenceEngine(strategy, options: new EngineOptions { MaxBatch = 2 });
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        GenerationResult alone = await engine.GenerateAsync(Request([5], 30));
        Generation running = await engine.StartAsync(new((int[])[1], Endless), first.Token);
        Generation kept = await engine.StartAsync(new((int[])[1], Endless));
        Generation waiting = await engine.StartAsync(new((int[])[2], Endless), second.Token);

        await second.CancelAsync();
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Completion);
        Assert.Equal(second.Token, error.CancellationToken);
        Assert.False(running.Completion.IsCompleted);

        int read = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (GeneratedToken _ in running.ReadAllAsync(CancellationToken.None)) if (++read == 9) await first.CancelAsync();
        });
        Assert.True(read >= 9);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Completion);
        Assert.Equal(alone.Tokens, (await engine.GenerateAsync(Request([5], 30))).Tokens); // beside the one that was kept
        await kept.DisposeAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.StartAsync(new((int[])[1], Endless), first.Token).AsTask());
        Assert.Equal((0, 3L), (strategy.Held, engine.Metrics.Cancelled));
    }

    [Fact]
    public async Task A_fault_reaches_every_request_of_its_strategy_and_no_other()
    {
        var fault = new InvalidOperationException("broken");
        var broken = new ToyStrategy { StepFault = step => step == 6 ? fault : null };
        var sound = new ToyStrategy(name: "sound");
        await using var engine = new InferenceEngine([broken, sound], Text, new EngineOptions { MaxBatch = 2 });
        broken.Gate.Reset();
        var doomed = new List<Generation>();
        for (int i = 0; i < 4; i++) doomed.Add(await engine.StartAsync(new((int[])[1, 2], Endless))); // two run, two wait
        Task<GenerationResult> other = engine.GenerateAsync(Request([1], 50) with { Strategy = sound });
        broken.Gate.Set();
        foreach (Generation generation in doomed)
        {
            Assert.Same(fault, await Assert.ThrowsAsync<InvalidOperationException>(() => generation.Completion));
            Assert.Same(fault, await Assert.ThrowsAsync<InvalidOperationException>(async () => { await foreach (GeneratedToken _ in generation.ReadAllAsync()) { } }));
        }
        Assert.Equal((50, "sound"), ((await other).Tokens.Count, (await other).Strategy));
        Assert.Same(fault, await Assert.ThrowsAsync<InvalidOperationException>(() => engine.GenerateAsync(Request([1], 5))));
        Assert.Equal((0, 5L), (broken.Held, engine.Metrics.Failed));
    }

    [Fact]
    public async Task A_strategy_that_cannot_let_go_fails_its_requests_and_hangs_nobody()
    {
        var fault = new InvalidOperationException("stuck");
        var engine = new InferenceEngine(new ToyStrategy { ReleaseFault = fault });
        Assert.Same(fault, await Assert.ThrowsAsync<InvalidOperationException>(() => engine.GenerateAsync(Request([1], 3))));
        await engine.DisposeAsync();
    }

    [Fact]
    public async Task A_request_that_cannot_be_served_fails_alone()
    {
        await using var engine = new InferenceEngine(new ToyStrategy(room: 10) { ContextLimit = 20 }, Text);
        Task<GenerationResult> good = engine.GenerateAsync(Request([1], 10));
        await Assert.ThrowsAsync<InvalidOperationException>(() => engine.GenerateAsync(Request(new int[21], 5)));
        await Assert.ThrowsAsync<AdmissionException>(() => engine.GenerateAsync(Request(new int[11], 5)));
        await Assert.ThrowsAsync<ArgumentException>(() => engine.GenerateAsync(Request([ToyStrategy.Vocabulary], 5)));
        await Assert.ThrowsAsync<ArgumentException>(() => engine.GenerateAsync(Request([1], 5) with { Strategy = new ToyStrategy() }));
        await Assert.ThrowsAsync<GenerationOptionsException>(() => engine.GenerateAsync(Request([1], 0)));
        Assert.Equal(10, (await good).Tokens.Count);
        Assert.Equal(FinishReason.ContextFull, (await engine.GenerateAsync(new((int[])[1, 2], Endless))).FinishReason);
    }

    [Fact]
    public async Task Admission_waits_for_room_and_keeps_the_order()
    {
        var strategy = new ToyStrategy(room: 10);
        await using var engine = new InferenceEngine(strategy);
        strategy.Gate.Reset();
        Generation big = await engine.StartAsync(Request(new int[8], 20));
        await strategy.Stepping.Task;
        Generation bigger = await engine.StartAsync(Request(new int[9], 5));
        Generation small = await engine.StartAsync(Request([1], 5));
        strategy.Gate.Set();
        await big.Completion;
        Assert.Equal(5, (await bigger.Completion).Tokens.Count);
        Assert.Equal(5, (await small.Completion).Tokens.Count);
        Assert.Equal([8, 9, 1], strategy.Admitted); // the small one would have fitted beside the big one
    }

    [Fact]
    public async Task Room_held_by_another_strategys_last_request_is_waited_for()
    {
        var pool = new SharedRoom();
        var other = new RoomStrategy(new ToyStrategy(), pool);
        await using var engine = new InferenceEngine([new RoomStrategy(new ToyStrategy(), pool), other]);
        await using Generation holder = await engine.StartAsync(new((int[])[1], Endless, other));
        await holder.ReadAllAsync().GetAsyncEnumerator().MoveNextAsync();
        Generation waiter = await engine.StartAsync(Request([1], 5));
        holder.Cancel();
        Assert.Equal(5, (await waiter.Completion).Tokens.Count);
    }

    [Fact]
    public async Task The_queue_is_bounded_and_starting_waits_for_a_place()
    {
        var strategy = new ToyStrategy();
        await using var engine = new InferenceEngine(strategy, options: new EngineOptions { MaxBatch = 1, MaxQueue = 1 });
        strategy.Gate.Reset();
        Generation running = await engine.StartAsync(Request([1], 5));
        await strategy.Stepping.Task;
        Generation queued = await engine.StartAsync(Request([1], 5));
        Task<Generation> third = engine.StartAsync(Request([1], 5)).AsTask();
        using var impatient = new CancellationTokenSource();
        Task<Generation> fourth = engine.StartAsync(Request([1], 5), impatient.Token).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fourth);
        Assert.False(third.IsCompleted);
        Assert.Equal((1, 1), (engine.Metrics.Running, engine.Metrics.Waiting));
        strategy.Gate.Set();
        Assert.Equal((await running.Completion).Tokens, (await (await third).Completion).Tokens);
        await queued.Completion;
    }

    [Fact]
    public async Task Disposal_ends_everyone_and_the_strategies()
    {
        var strategy = new ToyStrategy();
        var engine = new InferenceEngine(strategy, options: new EngineOptions { MaxBatch = 2, MaxQueue = 1 });
        strategy.Gate.Reset();
        Generation running = await engine.StartAsync(new((int[])[1], Endless));
        await strategy.Stepping.Task;
        Generation waiting = await engine.StartAsync(new((int[])[1], Endless));
        Task<Generation> outside = engine.StartAsync(new((int[])[1], Endless)).AsTask();
        ValueTask disposal = engine.DisposeAsync();
        strategy.Gate.Set();
        await disposal;
        await engine.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running.Completion);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.Completion);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await (await outside).Completion); // refused a place, or ended in it if the machine was slow to fill them
        await Assert.ThrowsAsync<ObjectDisposedException>(() => engine.GenerateAsync(Request([1], 5)));
        await running.DisposeAsync();
        Assert.True(strategy.Disposed);
        Assert.Equal(0, strategy.Held);
    }

    [Fact]
    public async Task Result_stream_and_metrics_tell_the_same()
    {
        var clock = new StepClock();
        await using var engine = new InferenceEngine(new ToyStrategy { OnStep = clock.Tick }, Text, new EngineOptions { Time = clock });
        GenerationOptions options = new() { Temperature = 1, MaxNewTokens = 12, LogProbs = 2 };
        Generation generation = await engine.StartAsync(new((int[])[1, 2, 3, 4, 5], options));
        var stream = new List<GeneratedToken>();
        await foreach (GeneratedToken token in generation.ReadAllAsync()) stream.Add(token);
        GenerationResult result = await generation.Completion;

        Assert.Equal(result.Tokens, stream.Select(t => t.Token));
        Assert.Equal(result.Text, string.Concat(stream.Select(t => t.Text)));
        Assert.Equal(result.LogProbabilities, stream.Select(t => t.Choice));
        Assert.All(result.LogProbabilities, c => Assert.Equal(2, c.Top!.Count));
        Assert.Equal((generation.Seed, 5, "toy", DecodingGuarantee.Lossless), (result.Seed, result.PromptTokens, result.Strategy, result.Guarantee));
        Assert.Equal(TimeSpan.FromSeconds(3), result.Timings.TimeToFirstToken); // two steps of prompt, one that decodes
        Assert.Equal(TimeSpan.FromSeconds(result.Statistics.TargetForwards), result.Timings.Total);
        Assert.Equal(11 / (result.Timings.Total.TotalSeconds - 3), result.Timings.TokensPerSecond, 1e-9);
        Assert.Equal((12, 5L, (long)result.Statistics.TargetForwards), (engine.Metrics.Totals.Emitted, engine.Metrics.PromptTokens, engine.Metrics.Steps));
        Assert.Equal(12 / result.Timings.Total.TotalSeconds, engine.Metrics.TokensPerSecond, 1e-9);
        GenerationResult again = await engine.GenerateAsync(new((int[])[1, 2, 3, 4, 5], options with { Seed = result.Seed }));
        Assert.Equal(result.Tokens, again.Tokens);
    }

    [Fact]
    public async Task A_stop_string_ends_the_stream_before_it()
    {
        await using var engine = new InferenceEngine(new ToyStrategy(), Text);
        GenerationResult whole = await engine.GenerateAsync(Request([1], 40));
        string stop = whole.Text!.Substring(20, 3);
        int at = whole.Text.IndexOf(stop, StringComparison.Ordinal);
        InferenceRequest request = Request([1], 40);
        Generation stopped = await engine.StartAsync(request with { Options = request.Options with { StopStrings = [stop] } });
        List<GeneratedToken> stream = await Read(stopped, int.MaxValue);
        Assert.Equal(whole.Text[..at], string.Concat(stream.Select(t => t.Text)));
        Assert.Equal(FinishReason.Stop, stream[^1].FinishReason);
        Assert.Equal(at + 3, stream.Count);
    }

    [Fact]
    public async Task Two_engines_at_once_do_not_know_of_each_other()
    {
        await using var left = new InferenceEngine(new ToyStrategy(), Text);
        await using var right = new InferenceEngine(new ToyStrategy(), Text);
        GenerationResult[] results = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => (i % 2 == 0 ? left : right).GenerateAsync(Request([3, 4], 25)))));
        Assert.All(results, r => Assert.Equal(results[0].Tokens, r.Tokens));
        Assert.Equal((20L, 20L), (left.Metrics.Completed, right.Metrics.Completed));
    }

    private static InferenceRequest Request(int[] prompt, int count, float temperature = 1, ulong seed = 1) =>
        new(prompt, new GenerationOptions { MaxNewTokens = count, Temperature = temperature, Seed = seed });

    private static async Task<List<GeneratedToken>> Read(Generation generation, int count)
    {
        var tokens = new List<GeneratedToken>();
        await foreach (GeneratedToken token in generation.ReadAllAsync())
        {
            tokens.Add(token);
            if (tokens.Count == count) break;
        }
        await generation.DisposeAsync();
        return tokens;
    }

    /// <summary>A clock that moves one second per step and not otherwise.</summary>
    private sealed class StepClock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Interlocked.Read(ref _now);

        public void Tick() => Interlocked.Increment(ref _now);
    }

    private sealed class SharedRoom
    {
        public bool Taken;
    }

    /// <summary>One place for all strategies that share the room.</summary>
    private sealed class RoomStrategy(ToyStrategy inner, SharedRoom room) : IDecodingStrategy
    {
        public string Name => inner.Name;
        public DecodingGuarantee Guarantee => inner.Guarantee;
        public bool TryAdmit(DecodingRequest request) => !room.Taken && (room.Taken = inner.TryAdmit(request));
        public StepStats Step(ReadOnlySpan<DecodingRequest> batch) => inner.Step(batch);

        public void Release(DecodingRequest request)
        {
            inner.Release(request);
            room.Taken = false;
        }

        public void Dispose() => inner.Dispose();
    }
}
