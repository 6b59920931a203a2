using Switchyard.Model;
using Switchyard.Properties.Faults;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;
using Xunit;

namespace Switchyard.Tests.Drex;

/// <summary>Where rows go: bounds, keys and values, provenance, cancellation ; most of it is a law (drex/…).</summary>
public sealed class DrexBookkeepingTests
{
    private static readonly int[] Exits = [2, 4];

    private static GenerationOptions Options(int index) => new() { MaxNewTokens = 16, Temperature = 0.9f, Seed = (ulong)index };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Waiting_rows_are_bounded_in_number_and_time_and_leave_in_order(int seed)
    {
        var options = new DrexOptions { Exits = Exits, Confidence = 0.06f, MaxRows = 3, MaxWait = 4, MaxParked = 5, LogCapacity = 100_000 };
        using var strategy = new DrexStrategy(DrexModels.Runner("llama"), options, new DrexParts { Rule = new NeverRule() });
        int[][] prompts = DrexDriver.Prompts(new Random(seed), 12, 8);
        int most = 0;
        DrexDriver.Run(strategy, DrexDriver.Requests(prompts, Options), new Random(seed), observe: _ => most = Math.Max(most, strategy.ParkedRows));
        Assert.InRange(most, 2, 5);
        Assert.True(Waits(strategy.Log.ToList(), 4 + 2), $"{strategy.Statistics.LongestWait} steps");
        Assert.True(InOrder(strategy.Log.ToList()));
    }

    [Fact]
    public void The_wait_check_rejects_a_rule_that_starves()
    {
        var options = new DrexOptions { Exits = Exits, Confidence = 0.06f, MaxRows = 30, MaxWait = 1000, LogCapacity = 100_000 };
        using var strategy = new DrexStrategy(DrexModels.Runner("llama"), options, new DrexParts { Rule = new NeverRule() });
        DrexDriver.Run(strategy, DrexDriver.Requests(DrexDriver.Prompts(new Random(1), 9, 8), i => Options(i) with { MaxNewTokens = 40, ExitConfidence = i == 0 ? 0f : null }));
        Assert.False(Waits(strategy.Log.ToList(), 6));
    }

    [Fact]
    public void The_order_check_rejects_a_row_that_overtakes() =>
        Assert.False(InOrder([Event(DrexEventKind.Parked, 0, 1), Event(DrexEventKind.Parked, 1, 2), Event(DrexEventKind.Resumed, 1, 3), Event(DrexEventKind.Resumed, 0, 4)]));

    [Fact]
    public void Keys_and_values_of_waiting_rows_are_those_of_plain_decoding_and_exits_name_their_last_layer()
    {
        var options = new DrexOptions { Exits = Exits, Confidence = 1, LogCapacity = 1000 };
        ModelRunner runner = DrexModels.Runner("qwen3");
        using var strategy = new DrexStrategy(runner, options, new DrexParts { Rule = new ChanceRule(1) });
        DecodingRequest[] requests = DrexDriver.Requests(DrexDriver.Prompts(new Random(2), 4), i => Options(i) with { MaxNewTokens = 30, ExitConfidence = i == 0 ? null : 0.04f });
        foreach (DecodingRequest request in requests) Assert.True(strategy.TryAdmit(request));
        for (int step = 0; step < 40; step++) strategy.Step([.. requests.Where(r => !r.IsFinished)]);

        using ModelRunner plain = DrexModels.Runner("qwen3");
        KvSequence kv = ((Flight)requests[0].State!).Kv, exact = plain.Pool.TryRent(DrexModels.Context)!;
        plain.CatchUp(exact, requests[0].Tokens);
        Assert.True(kv.Length > requests[0].PromptLength);
        for (int layer = 0; layer < 6; layer++)
            for (int slot = 0; slot < kv.Length; slot++)
                Assert.Equal(KeysAndValues(plain, exact, layer, slot), KeysAndValues(runner, kv, layer, slot));

        foreach (DecodingRequest request in requests[1..])
        {
            kv = ((Flight)request.State!).Kv;
            Dictionary<int, int> depths = strategy.Log.ToList().Where(e => e.Request == strategy.NumberOf(request) && e.Kind == DrexEventKind.Exited).ToDictionary(e => e.Position, e => e.Depth);
            Assert.NotEmpty(depths);
            bool approximate = false;
            for (int slot = 0; slot < kv.Length; slot++)
            {
                int depth = depths.GetValueOrDefault(slot, 6);
                approximate |= depth < 6;
                for (int layer = 0; layer < 6; layer++)
                    Assert.Equal(Math.Min(layer, depth - 1), kv.Store.Source(layer, kv.Pages.StoreSlot(slot)));
                Assert.Equal(approximate ? strategy.Provenance : Provenance.Exact, kv.ProvenanceOf(slot));
            }
        }
    }

    [Fact]
    public void Plain_decoding_on_the_same_cache_never_reads_a_row_that_left_early()
    {
        Assert.Equal(Continue(reader: null, fresh: true), Continue(reader: null, fresh: false));
        Assert.NotEqual(Continue(reader: null, fresh: true), Continue(reader: s => s.Provenance, fresh: false)); // a reader that is not exact

        static float[] Continue(Func<DrexStrategy, Provenance>? reader, bool fresh)
        {
            ModelRunner runner = DrexModels.Runner("llama");
            using var strategy = new DrexStrategy(runner, new DrexOptions { Exits = Exits, Confidence = 0.02f });
            var request = new DecodingRequest([1, 2, 3, 4, 5, 6, 7], Options(1));
            strategy.TryAdmit(request);
            while (!request.IsFinished) strategy.Step([request]);
            KvSequence kv = fresh ? runner.Pool.TryRent(60)! : ((Flight)request.State!).Kv;
            ReadOnlySpan<int> tokens = request.Tokens[..^1];
            runner.CatchUp(kv, tokens, reader?.Invoke(strategy) ?? Provenance.Exact);
            int[] row = [runner.Batch.Add(kv, tokens[^1])];
            runner.Forward(row);
            float[] logits = new float[DrexModels.Vocabulary];
            runner.Model.Readout(runner.Batch, row, runner.Model.FinalExit, logits);
            return logits;
        }
    }

    [Fact]
    public void Postfilled_rows_serve_everybody()
    {
        ModelRunner runner = DrexModels.Runner("llama");
        using var strategy = new DrexStrategy(runner, new DrexOptions { Exits = Exits, Confidence = 0.02f, Kv = MissingKv.Postfill });
        var request = new DecodingRequest([1, 2, 3, 4, 5, 6, 7], Options(1) with { MaxNewTokens = 40 });
        strategy.TryAdmit(request);
        while (!request.IsFinished) strategy.Step([request]);
        KvSequence kv = ((Flight)request.State!).Kv;
        Assert.True(strategy.Statistics.ExitTokens > 5 && kv.Length > request.PromptLength + 5);
        for (int slot = 0; slot < kv.Length; slot++)
        {
            Assert.Equal(Provenance.Exact, kv.ProvenanceOf(slot));
            for (int layer = 0; layer < 6; layer++) Assert.Equal(layer, kv.Store.Source(layer, kv.Pages.StoreSlot(slot)));
        }
    }

    [Theory]
    [InlineData(MissingKv.Source)]
    [InlineData(MissingKv.Postfill)]
    public void Cancelling_parked_rows_takes_nothing_from_the_others_and_gives_everything_back(MissingKv kv)
    {
        var options = new DrexOptions { Exits = Exits, Confidence = 0.04f, Kv = kv };
        int[][] prompts = DrexDriver.Prompts(new Random(6), 9);
        using var undisturbed = new DrexStrategy(DrexModels.Runner("llama"), options);
        int[][] expected = DrexDriver.Run(undisturbed, DrexDriver.Requests(prompts, Options)).Outputs;
        bool parked = false;
        for (int seed = 0; seed < 4; seed++)
        {
            ModelRunner runner = DrexModels.Runner("llama");
            using var strategy = new DrexStrategy(runner, options, new DrexParts { Rule = new NeverRule() });
            int pages = runner.Pool.FreePages;
            DrexRun run = DrexDriver.Run(strategy, DrexDriver.Requests(prompts, Options), new Random(seed), cancelled: [0, 2, 5, 7], observe: _ => parked |= strategy.ParkedRows > 0);
            foreach (int i in (int[])[1, 3, 4, 6, 8]) Assert.Equal(expected[i], run.Outputs[i]);
            foreach (int i in (int[])[0, 2, 5, 7]) Assert.Equal(expected[i][..run.Outputs[i].Length], run.Outputs[i]);
            Assert.Equal((0, pages, pages, runner.Batch.Capacity), (strategy.ParkedRows, runner.Pool.FreePages, runner.Pool.UnreservedPages, runner.Batch.FreeRows));
        }
        Assert.True(parked);
    }

    [Theory]
    [InlineData(MissingKv.Source)]
    [InlineData(MissingKv.Postfill)]
    public void Steps_allocate_nothing_after_warm_up(MissingKv kv)
    {
        var options = new DrexOptions { Exits = Exits, Confidence = 0.05f, Kv = kv, LogCapacity = 64, TimeBetweenTokens = TimeSpan.FromSeconds(1), MaxRows = 4 };
        using var strategy = new DrexStrategy(DrexModels.Runner("llama"), options);
        DecodingRequest[] requests = DrexDriver.Requests(DrexDriver.Prompts(new Random(1), 6, 10), i => new() { MaxNewTokens = 84, Temperature = 0.7f, Seed = (ulong)i });
        foreach (DecodingRequest request in requests) strategy.TryAdmit(request);
        // Time decides how many tokens a step gives, and lists of tokens and pages grow at the 65th: everybody must be past it.
        while (requests.Min(request => request.Tokens.Length) <= 65) strategy.Step([.. requests.Where(request => !request.IsFinished)]);
        DecodingRequest[] left = [.. requests.Where(request => !request.IsFinished)];
        Assert.NotEmpty(left);
        Assert.False(AnyFinished(left));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 8 && !AnyFinished(left); i++) strategy.Step(left);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(strategy.Statistics.ExitTokens > 0 && strategy.Statistics.Parkings > 0);
    }

    [Fact]
    public void The_copy_meter_sees_a_copy()
    {
        using ModelRunner runner = DrexModels.Runner("llama");
        KvSequence kv = runner.Pool.TryRent(20)!;
        runner.CatchUp(kv, [1, 2, 3]);
        runner.Model.Backend.MoveKv(kv.Store, kv.Pages.StoreSlot(0), kv.Pages.StoreSlot(1));
        Assert.True(runner.Model.Backend.Counters.KvBytesCopied > 0);
    }

    private static bool AnyFinished(DecodingRequest[] requests)
    {
        foreach (DecodingRequest request in requests) if (request.IsFinished) return true;
        return false;
    }

    private static bool Waits(IReadOnlyList<DrexEvent> events, int steps) => events.Where(e => e.Kind == DrexEventKind.Resumed).All(e => e.Rows <= steps);

    private static bool InOrder(IReadOnlyList<DrexEvent> events)
    {
        var queues = new Dictionary<int, Queue<int>>();
        foreach (DrexEvent e in events)
        {
            if (!queues.TryGetValue(e.Depth, out Queue<int>? queue)) queues[e.Depth] = queue = new();
            if (e.Kind == DrexEventKind.Parked) queue.Enqueue(e.Request);
            if (e.Kind == DrexEventKind.Resumed && queue.Dequeue() != e.Request) return false;
        }
        return true;
    }

    private static DrexEvent Event(DrexEventKind kind, int request, int step) => new(step, kind, request, 0, 2);

    private static float[] KeysAndValues(ModelRunner runner, KvSequence kv, int layer, int slot)
    {
        float[] keys = new float[kv.Store.Shape.KvDim], values = new float[kv.Store.Shape.KvDim];
        runner.Model.Backend.ReadKv(kv.Store, layer, kv.Pages.StoreSlot(slot), keys, values);
        return [.. keys, .. values];
    }
}
