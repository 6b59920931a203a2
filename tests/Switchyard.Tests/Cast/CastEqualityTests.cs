using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Properties;
using Switchyard.Strategies;
using Switchyard.Strategies.Cast;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Speculation;
using Switchyard.Tensor;
using Switchyard.Tests.Speculation;
using Xunit;

namespace Switchyard.Tests.Cast;

/// <summary>CAST gives plain decoding's tokens whatever the tables, the thresholds and the company say.</summary>
public sealed class CastEqualityTests
{
    public static TheoryData<string> Models => EqualityTests.Models;

    [Theory]
    [MemberData(nameof(Models))]
    public void Random_tables_and_thresholds_change_no_token(string model)
    {
        int seed = model.Length + 1;
        var random = new Random(seed);
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        DecodingRequest[] plain = Decoding.Requests(seed, 7, i => Decoding.Options(i)), requests = Decoding.Requests(seed, 7, i => Decoding.Options(i));
        Decoding.Plain(backend, model, seed, plain);
        using SpeculativeStrategy strategy = Make(backend, model, seed, new CastShaper(
            new TableCosts(Trees.RandomTable(random), Trees.RandomTable(random, 0.2)),
            new CastOptions
            {
                MaxDepth = random.Next(1, 7),
                MaxBreadth = random.Next(1, 6),
                MaxNodes = random.Next(1, 20),
                PerRequest = random.Next(2) == 0,
                VerifyThreshold = random.Next(2) == 0 ? random.NextDouble() : null,
            }));
        Decoding.Run(strategy, requests, 1 + random.Next(8));
        Decoding.Same(plain, requests);
        Assert.Equal("", strategy.Report.ToString());
    }

    [Fact]
    public void A_profiler_at_work_between_steps_changes_no_token_and_gives_back_what_it_took()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        DecodingRequest[] plain = Decoding.Requests(1, 7, i => Decoding.Options(i)), requests = Decoding.Requests(1, 7, i => Decoding.Options(i));
        Decoding.Plain(backend, "qwen2-bias", 2, plain);
        ModelRunner target = Decoding.Runner(backend, "qwen2-bias", 2), small = Decoding.Runner(backend, "qwen2-bias", 3);
        var eager = new CostProfilerOptions { TimeShare = 1, ContextStep = 32, MaxRows = 16 };
        CostProfiler targetCosts = new(target, options: eager), draftCosts = new(small, options: eager);
        int free = target.Pool.FreePages;
        var costs = new ModelPairCosts(targetCosts, target.Model.AllLayers, draftCosts, small.Model.AllLayers);
        using var strategy = new SpeculativeStrategy("cast", target, new ModelDrafter(small), new CastShaper(costs), new() { Reliability = new() });
        Decoding.Run(strategy, requests, 3);
        Decoding.Same(plain, requests);
        Assert.True(targetCosts.SecondsSpent > 0 && draftCosts.SecondsSpent > 0);
        Assert.Equal(free, target.Pool.FreePages);
        Assert.Equal(target.Batch.Capacity, target.Batch.FreeRows);
    }

    [Fact]
    public void The_targets_own_layers_as_a_draft_work_with_cast()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        DecodingRequest[] plain = Decoding.Requests(3, 7, i => Decoding.Options(i)), requests = Decoding.Requests(3, 7, i => Decoding.Options(i));
        Decoding.Plain(backend, "llama-gqa-tied", 2, plain);
        ModelRunner target = Decoding.Runner(backend, "llama-gqa-tied", 2);
        var shaper = new CastShaper(new TableCosts(TableCosts.Affine(0.1, 1), TableCosts.Affine(0.01, 0.02)));
        using var strategy = new SpeculativeStrategy("cast", target, new SelfDrafter(target, target.Model.SharedExit(4)), shaper, new() { Reliability = new() });
        StepStats stats = Decoding.Run(strategy, requests, 4);
        Decoding.Same(plain, requests);
        Assert.True(stats.Drafted > 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_recorded_run_is_replayed_exactly_without_its_costs(bool perRequest)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        var options = new CastOptions { MaxDepth = 5, MaxBreadth = 4, MaxNodes = 12, PerRequest = perRequest };
        var recording = new ShapeRecording();
        var random = new Random(3);
        var costs = new TableCosts(Trees.RandomTable(random), Trees.RandomTable(random, 0.1));
        List<string> first = [], second = [];
        using (SpeculativeStrategy strategy = Make(backend, "llama3-rope", 1, new RecordingShaper(new CastShaper(costs, options), recording)))
        {
            strategy.OnVerified = session => first.Add(Trees.Show(session.Tree));
            Decoding.Run(strategy, Decoding.Requests(1, 6, i => Decoding.Options(i)), 3);
        }
        var replay = new ReplayShaper(new ShapeRecording(recording.Values), 4, 5, 12);
        using (SpeculativeStrategy strategy = Make(backend, "llama3-rope", 1, replay))
        {
            strategy.OnVerified = session => second.Add(Trees.Show(session.Tree));
            Decoding.Run(strategy, Decoding.Requests(1, 6, i => Decoding.Options(i)), 3);
        }
        Assert.True(first.Count > 10);
        Assert.Equal(first, second);
        Assert.True(replay.IsDone);
    }

    [Fact]
    public void Decisions_do_not_look_at_the_targets_logits_of_the_step()
    {
        // Two targets that say different things, one draft that says the same whatever the text, costs without context: the same decisions.
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        var recordings = new List<int>[2];
        for (int target = 0; target < 2; target++)
        {
            var recording = new ShapeRecording();
            var shaper = new CastShaper(
                new TableCosts(TableCosts.Affine(0.1, 1), TableCosts.Affine(0.02, 0.1)), new CastOptions { BreadthThreshold = 1, DepthThreshold = 1, VerifyThreshold = 1 });
            using var strategy = new SpeculativeStrategy(
                "cast", Decoding.Runner(backend, "llama-linear-rope", 40 + target), new ScriptedDrafter(1), new RecordingShaper(shaper, recording));
            DecodingRequest request = new([1, 2, 3], new GenerationOptions { MaxNewTokens = 80, Seed = 1, IgnoreEos = true });
            Assert.True(strategy.TryAdmit(request));
            for (int step = 0; step < 5; step++) strategy.Step([request]);
            recordings[target] = [.. recording.Values];
            strategy.Release(request);
        }
        Assert.True(recordings[0].Count > 20);
        Assert.Equal(recordings[0], recordings[1]);
    }

    [Fact]
    public void A_step_allocates_nothing_once_it_is_warm()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        var costs = new TableCosts(TableCosts.Affine(0.1, 1), TableCosts.Affine(0.01, 0.05));
        using SpeculativeStrategy strategy = Make(backend, "llama-gqa-tied", 1, new CastShaper(costs, new CastOptions { MaxDepth = 4, MaxBreadth = 4, MaxNodes = 10 }));
        // Trees follow the real clock, so the largest one, for which buffers grow, may come late: later requests find everything as large as it gets.
        long allocated = long.MaxValue;
        for (int round = 0; round < 6 && allocated != 0; round++)
        {
            DecodingRequest[] batch = Decoding.Requests(4, 3, i => new GenerationOptions { MaxNewTokens = 90, Seed = 4, Temperature = 0.7f * i, IgnoreEos = true }, longest: 6);
            foreach (DecodingRequest request in batch) Assert.True(strategy.TryAdmit(request));
            for (int step = 0; step < 18; step++) strategy.Step(batch); // a size beside the best is tried among them
            long before = GC.GetAllocatedBytesForCurrentThread();
            int steps = 0;
            for (; steps < 6 && !(batch[0].IsFinished || batch[1].IsFinished || batch[2].IsFinished); steps++) strategy.Step(batch);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(steps > 3);
            foreach (DecodingRequest request in batch) strategy.Release(request);
        }
        Assert.Equal(0, allocated);
    }

    private static SpeculativeStrategy Make(IBackend backend, string model, int seed, ITreeShaper shaper) => new(
        "cast", Decoding.Runner(backend, model, seed), Decoding.Draft(backend, model, seed), shaper, new SpeculationOptions { Reliability = new Reliability() });
}
