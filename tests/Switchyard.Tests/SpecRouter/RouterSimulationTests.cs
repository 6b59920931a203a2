using Switchyard.Properties;
using Switchyard.Strategies;
using Switchyard.Strategies.SpecRouter;
using Xunit;

namespace Switchyard.Tests.SpecRouter;

/// <summary>The router's schedule on a simulated clock, with levels whose acceptances are known.</summary>
public sealed class RouterSimulationTests
{
    private static readonly int[] Prompt = [1, 2, 3, 4, 5];

    private static DecodingRequest Request(ulong seed, int tokens, int[]? prompt = null) =>
        new(prompt ?? Prompt, new GenerationOptions { MaxNewTokens = tokens, Seed = seed });

    private static SpecRouterStrategy Router(SimulatedLadder ladder, SimulatedClock clock, IChainPolicy policy, double readyShare = 0.5) =>
        new(ladder.Levels(), policy, new SpecRouterOptions { Time = clock, TokenCount = SimulatedLadder.Vocabulary, ReadyShare = readyShare });

    private static StepStats Decode(SpecRouterStrategy router, params DecodingRequest[] requests)
    {
        StepStats sum = default;
        foreach (DecodingRequest request in requests) Assert.True(router.TryAdmit(request));
        while (requests.Any(request => !request.IsFinished))
        {
            DecodingRequest[] batch = [.. requests.Where(request => !request.IsFinished)];
            StepStats stats = router.Step(batch);
            Assert.True(stats.TargetForwards + stats.DraftForwards > 0);
            sum += stats;
        }
        foreach (DecodingRequest request in requests) router.Release(request);
        return sum;
    }

    [Theory]
    [InlineData("2")]
    [InlineData("0>2/1")]
    [InlineData("0>2/8")]
    [InlineData("1>2/4")]
    [InlineData("0>1/3>2/8")]
    [InlineData("0>1/1>2/1")]
    [InlineData("0>1/12>2/2")]
    [InlineData("0>1/3>2/8!")]
    public void Tokens_are_the_targets_own_for_every_chain(string chain)
    {
        var clock = new SimulatedClock();
        var ladder = new SimulatedLadder(clock, [0.7, 0.8], (level, _, _) => level + 1);
        using SpecRouterStrategy router = Router(ladder, clock, RecordedChains.Fixed(ChainPlan.Parse(chain)));
        DecodingRequest[] requests = [.. Enumerable.Range(0, 5).Select(i => Request((ulong)i, 20 + 13 * i))];
        Decode(router, requests);
        foreach (DecodingRequest request in requests) Assert.Equal(ladder.Plain(request.Seed, Prompt, request.Output.Length), request.Output.ToArray());
    }

    [Theory]
    [InlineData("0>1/3>2/8")]
    [InlineData("0>2/4")]
    [InlineData("1>2/6")]
    [InlineData("0>1/2>2/3")]
    public void Measured_time_per_token_is_the_predicted_one(string chain) => Assert.InRange(MeasuredOverPredicted(chain, chain), 0.97, 1.03);

    [Fact]
    public void Window_that_is_off_by_one_is_caught() // the negative controls
    {
        Assert.False(MeasuredOverPredicted("0>1/2>2/1", "0>1/1>2/1") is > 0.97 and < 1.03);
        Assert.False(MeasuredOverPredicted("0>2/2", "0>2/1") is > 0.97 and < 1.03);
    }

    [Fact]
    public void Middle_that_drops_its_correction_is_caught() =>
        Assert.False(MeasuredOverPredicted("0>1/3>2/8", "0>1/3>2/8", levels => levels[1] = new DropsItsCorrection(levels[1])) is > 0.97 and < 1.03);

    private static double MeasuredOverPredicted(string run, string predicted, Action<IChainLevel[]>? plant = null)
    {
        const int Requests = 24, Tokens = 400;
        double[] times = [1, 4, 20];
        var clock = new SimulatedClock();
        IChainLevel[] levels = new SimulatedLadder(clock, [0.7, 0.8], (level, _, _) => times[level]).Levels();
        plant?.Invoke(levels);
        using var router = new SpecRouterStrategy(levels, RecordedChains.Fixed(ChainPlan.Parse(run)), new SpecRouterOptions { Time = clock, TokenCount = SimulatedLadder.Vocabulary });
        for (int i = 0; i < Requests; i++) Decode(router, Request((ulong)i, Tokens));

        var tracker = new SimilarityTracker(3);
        foreach ((int i, int j, double alpha) in new[] { (0, 1, 0.7), (1, 2, 0.8), (0, 2, 0.56) })
            for (int n = 0; n < 4000; n++) tracker.ObserveBlock(i, j, 100, (int)Math.Round(100 * alpha));
        ChainPlan plan = ChainPlan.Parse(predicted);
        var planner = new ChainPlanner(tracker, new Times(times));
        return clock.Seconds / (Requests * Tokens) / planner.Predict(new ChainView(plan, new int[3], [99, 99, 99]) { Usable = 7, Verifying = 7, Batch = 1 }, plan);
    }

    private sealed class Times(double[] times) : ILevelCosts
    {
        public double Seconds(int level, int batch, int context, int rows) => times[level];

        public void Observe(int level, int batch, int context, double rows, double seconds)
        {
        }
    }

    [Fact]
    public void Target_is_asked_when_exactly_its_window_is_pending_and_middles_corrections_are_used()
    {
        var clock = new SimulatedClock();
        var ladder = new SimulatedLadder(clock, [0, 1], (_, _, _) => 1); // the bottom is always wrong, the middle always right
        using SpecRouterStrategy router = Router(ladder, clock, RecordedChains.Fixed(ChainPlan.Parse("0>1/3>2/4")));
        DecodingRequest request = Request(1, 51);
        StepStats stats = Decode(router, request);

        Assert.Equal(40, stats.Accepted); // 1 token of its own, then 10 rounds of 4 corrections and 1 of its own
        Assert.Equal(40, stats.Drafted);
        Assert.Equal(1 + 10, stats.TargetForwards);
        Assert.All(ladder.Passes.Where(pass => pass.Level == 1).Skip(1).SkipLast(3), pass => Assert.InRange(pass.Rows, 4, 5));
        Assert.Equal(40, ladder.Passes.Count(pass => pass.Level == 1));
        Assert.Equal(120 - 3, ladder.Passes.Count(pass => pass.Level == 0)); // the last block's windows shrink to the tokens left
    }

    [Fact]
    public void Windows_shrink_to_the_tokens_left()
    {
        var clock = new SimulatedClock();
        var ladder = new SimulatedLadder(clock, [1], (_, _, _) => 1);
        using SpecRouterStrategy router = Router(ladder, clock, RecordedChains.Fixed(ChainPlan.Parse("0>1/8")));
        StepStats stats = Decode(router, Request(1, 5));
        Assert.Equal(5, stats.Emitted);
        Assert.Equal(3, stats.Drafted); // 1 after the prompt, then 3 drafted and the last its own
        Assert.Equal(3, ladder.Passes.Count(pass => pass.Level == 0));
    }

    [Fact]
    public void Pending_tokens_survive_a_switch_of_the_chain()
    {
        var clock = new SimulatedClock();
        var ladder = new SimulatedLadder(clock, [1, 1], (_, _, _) => 1);
        ChainPlan from = ChainPlan.Parse("0>2/12"), to = ChainPlan.Parse("1>2/12");
        using SpecRouterStrategy router = Router(ladder, clock, new RecordedChains(new(0, from), new(7, to)));
        StepStats stats = Decode(router, Request(1, 14));
        Assert.Equal((12, 12), (stats.Drafted, stats.Accepted));
        Assert.Equal(12, ladder.Passes.Count(pass => pass.Level < 2)); // nothing was drafted twice
        Assert.Equal(1, router.Switches);
        Assert.True(router.Levels[0].Committed > 0 && router.Levels[1].Committed > 0);
    }

    [Fact]
    public void Every_target_pass_emits_a_token_for_everybody_in_it()
    {
        var clock = new SimulatedClock();
        var ladder = new SimulatedLadder(clock, [0.3, 0.5], (_, _, _) => 1);
        using SpecRouterStrategy router = Router(ladder, clock, new Switching(7, 3));
        DecodingRequest[] requests = [.. Enumerable.Range(0, 4).Select(i => Request((ulong)i, 60))];
        foreach (DecodingRequest request in requests) router.TryAdmit(request);
        while (requests.Any(request => !request.IsFinished))
        {
            DecodingRequest[] batch = [.. requests.Where(request => !request.IsFinished)];
            int passes = ladder.Passes.Count;
            StepStats stats = router.Step(batch);
            Assert.Equal(passes + 1, ladder.Passes.Count);
            if (ladder.Passes[^1].Level == 2) Assert.True(stats.Emitted >= 1);
            else Assert.Equal(0, stats.Emitted);
            foreach (ChainSequence sequence in requests.Where(r => !r.IsFinished).Select(SpecRouterStrategy.SequenceOf))
            {
                Assert.True(sequence.Committed <= sequence.Count);
                Assert.All(sequence.Lanes, lane => Assert.True(lane.Verified <= sequence.Count));
            }
        }
    }

    /// <summary>Another random chain at every call.</summary>
    internal sealed class Switching(int seed, int levels) : RandomChains(seed, levels);

    [Fact]
    public void Recorded_run_repeats_pass_for_pass()
    {
        List<(int, int, int)>[] runs = new List<(int, int, int)>[2];
        ChainRecorder? recorder = null;
        for (int run = 0; run < 2; run++)
        {
            var clock = new SimulatedClock();
            var ladder = new SimulatedLadder(clock, [0.6, 0.8], (level, _, rows) => (level + 1) * (4 + rows) * (run == 0 ? 1 : 0.25));
            IChainPolicy policy = run == 0
                ? recorder = new ChainRecorder(new ChainPlanner(new SimilarityTracker(3), LevelCosts.ByWeights(1_000_000, 10_000_000, 100_000_000), new() { Interval = 2, Hysteresis = 0 }))
                : new RecordedChains(recorder!.Decisions);
            using SpecRouterStrategy router = Router(ladder, clock, policy);
            Decode(router, [.. Enumerable.Range(0, 4).Select(i => Request((ulong)i, 400))]);
            runs[run] = ladder.Passes;
        }
        Assert.True(recorder!.Decisions.Count > 3);
        Assert.Equal(runs[0], runs[1]);
    }

    [Fact]
    public void Planner_inside_the_router_comes_within_a_twentieth_of_the_best_fixed_chain()
    {
        double[] times = [1, 5, 40];
        double RunFor(IChainPolicy policy, int tokens)
        {
            var clock = new SimulatedClock();
            var ladder = new SimulatedLadder(clock, [0.75, 0.85], (level, _, rows) => times[level] * (0.95 + 0.05 * rows));
            using SpecRouterStrategy router = Router(ladder, clock, policy);
            for (int i = 0; i < 10; i++) Decode(router, Request((ulong)i, tokens / 10));
            return clock.Seconds / tokens;
        }

        double best = double.PositiveInfinity;
        foreach (string chain in (string[])["2", "0>2/4", "0>2/8", "1>2/4", "1>2/8", "0>1/2>2/6", "0>1/3>2/8", "0>1/4>2/8", "0>1/4>2/12", "0>1/3>2/12"])
            best = Math.Min(best, RunFor(RecordedChains.Fixed(ChainPlan.Parse(chain)), 3000));
        var decisions = new ChainRecorder(new ChainPlanner(new SimilarityTracker(3), LevelCosts.ByWeights(1_000_000, 5_000_000, 40_000_000)));
        double routed = RunFor(decisions, 3000);
        Assert.True(routed <= 1.05 * best, $"router {routed:F2}, best fixed chain {best:F2} s a token; {string.Join(' ', decisions.Decisions)}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_hostile_sequence_leaves_the_others_nine_tenths_of_their_throughput(bool rides)
    {
        double friendly = Throughput(hostile: false, lockstep: false, rides), hostile = Throughput(hostile: true, lockstep: false, rides), lockstep = Throughput(hostile: true, lockstep: true, rides: false);
        Assert.True(hostile >= 0.9 * friendly, $"{hostile:F3} against {friendly:F3} tokens a second without the hostile sequence");
        Assert.True(lockstep < 0.9 * friendly, $"waiting for everybody gives {lockstep:F3} against {friendly:F3}: the baseline is expected to lose");
    }

    /// <summary>Tokens a second of seven sequences beside an eighth.</summary>
    private static double Throughput(bool hostile, bool lockstep, bool rides)
    {
        var clock = new SimulatedClock();
        double[] times = [1, 5, 25];
        var ladder = new SimulatedLadder(clock, [0.85, 0.85], (level, _, rows) => times[level] * (0.98 + 0.02 * rows)) { AcceptanceOf = seed => hostile && seed == 99 ? 0 : null };
        using SpecRouterStrategy router = Router(ladder, clock, RecordedChains.Fixed(ChainPlan.Parse("0>1/3>2/8").WithRides(rides)), lockstep ? 1 : 0.5);
        DecodingRequest[] requests = [.. Enumerable.Range(0, 7).Select(i => Request((ulong)i, 100_000)), Request(99, 100_000)];
        foreach (DecodingRequest request in requests) router.TryAdmit(request);
        while (clock.Seconds < 3_000) router.Step(requests);
        return requests.Take(7).Sum(request => request.Output.Length) / clock.Seconds;
    }

    [Fact]
    public void Long_prompt_runs_in_chunks_among_decoding_rows()
    {
        var clock = new SimulatedClock();
        var ladder = new SimulatedLadder(clock, [0.8], (_, _, _) => 1);
        using SpecRouterStrategy router = Router(ladder, clock, RecordedChains.Fixed(ChainPlan.Parse("0>1/3")));
        DecodingRequest quick = Request(1, 200), slow = Request(2, 10, [.. Enumerable.Range(0, 900)]);
        Decode(router, quick, slow);
        Assert.Equal(ladder.Plain(1, Prompt, 200), quick.Output.ToArray());
        Assert.Equal(ladder.Plain(2, [.. Enumerable.Range(0, 900)], 10), slow.Output.ToArray());
        Assert.All(ladder.Passes.Skip(1), pass => Assert.True(pass.Rows <= 256 + 40));
        Assert.True(ladder.Passes.Count(pass => pass.Rows > 30) > 900 / 256);
    }

    [Fact]
    public void Arena_smaller_than_what_is_pending_only_takes_more_passes()
    {
        foreach (int capacity in (int[])[1, 2, 3, 7])
        {
            var clock = new SimulatedClock();
            var ladder = new SimulatedLadder(clock, [0.9, 0.9], (_, _, _) => 1) { Capacity = capacity };
            using SpecRouterStrategy router = Router(ladder, clock, RecordedChains.Fixed(ChainPlan.Parse("0>1/4>2/9")));
            DecodingRequest[] requests = [.. Enumerable.Range(0, 3).Select(i => Request((ulong)i, 30))];
            Decode(router, requests);
            foreach (DecodingRequest request in requests) Assert.Equal(ladder.Plain(request.Seed, Prompt, 30), request.Output.ToArray());
        }
    }
}
