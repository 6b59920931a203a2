using System.Runtime.InteropServices;
using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.SpecRouter;
using Switchyard.Tensor;
using Switchyard.Tests.Speculation;
using Xunit;

namespace Switchyard.Tests.SpecRouter;

/// <summary>What the router leaves in the caches of every level.</summary>
public sealed class RouterCacheTests
{
    [Theory]
    [InlineData("llama-gqa-tied", 0)]
    [InlineData("mistral-window", 1)]
    [InlineData("qwen3-qk-norm", 2)]
    [InlineData("llama-q8_0", 3)]
    public void Caches_of_every_level_hold_the_bits_of_a_fresh_prefill_after_every_rollback(string model, int seed)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        Assert.Null(FirstDifference(backend, model, seed, level => level));
    }

    [Fact]
    public void Cache_that_is_never_put_right_is_caught() // the negative control
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        Assert.NotNull(FirstDifference(backend, "llama-gqa-tied", 0, level => new NeverReconciles(level)));
    }

    [Fact]
    public void Rollback_of_one_sequence_touches_no_other()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        ModelLevel[] levels = Levels(backend, "llama3-rope", 4);
        using SpecRouterStrategy router = Ladders.Router(levels);
        DecodingRequest[] requests = Requests(4, 24);
        var before = new Dictionary<(DecodingRequest, int), float[][]>();
        RouterRuns.Run(router, requests, 4,
            batch =>
            {
                before.Clear();
                foreach (DecodingRequest request in batch)
                    for (int level = 0; level < levels.Length; level++) before[(request, level)] = Contents(levels[level], request, level);
            },
            batch =>
            {
                foreach (DecodingRequest request in batch)
                    for (int level = 0; level < levels.Length; level++)
                    {
                        float[][] after = Contents(levels[level], request, level), old = before[(request, level)];
                        int kept = Math.Min(old.Length, after.Length);
                        for (int slot = 0; slot < kept; slot++)
                            if (old[slot][0] == after[slot][0]) Assert.True(Bits(old[slot]).SequenceEqual(Bits(after[slot])), $"level {level}, slot {slot} changed");
                            else break; // this sequence itself went on differently from here
                    }
            });
    }

    private static ModelLevel[] Levels(CpuBackend backend, string model, int seed) =>
        [Ladders.Rounded(backend, model, seed, DType.Q4_0, rows: 24), Ladders.Rounded(backend, model, seed, DType.Q8_0, rows: 40), Ladders.Target(backend, model, seed)];

    private static DecodingRequest[] Requests(int seed, int tokens) =>
        Decoding.Requests(seed, 4, i => new GenerationOptions { MaxNewTokens = tokens, Seed = (ulong)i, Temperature = i % 2 == 0 ? 0 : 0.8f, IgnoreEos = true });

    private static string? FirstDifference(CpuBackend backend, string model, int seed, Func<ModelLevel, IChainLevel> wrap)
    {
        ModelLevel[] levels = Levels(backend, model, seed);
        using SpecRouterStrategy router = Ladders.Router([wrap(levels[0]), wrap(levels[1]), levels[2]]);
        int steps = 0;
        string? difference = null;
        RouterRuns.Run(router, Requests(seed, 30), 3, afterStep: batch =>
        {
            if (steps++ % 5 != 0 || difference is not null) return;
            foreach (DecodingRequest request in batch)
                for (int level = 0; level < levels.Length; level++) difference ??= Difference(levels[level], request, level);
        });
        return difference;
    }

    /// <summary>Whether the tokens that a lane says are cached are those of the sequence, with the bits of a fresh prefill.</summary>
    private static string? Difference(ModelLevel level, DecodingRequest request, int index)
    {
        LevelLane lane = SpecRouterStrategy.LaneOf(request, index);
        if (ModelLevel.CacheOf(lane) is not { } kv) return null;
        ReadOnlySpan<int> tokens = SpecRouterStrategy.SequenceOf(request).Tokens;
        int cached = Math.Min(lane.Cached, kv.Length);
        if (!kv.Tokens[..cached].SequenceEqual(tokens[..cached])) return $"level {index} says {cached} tokens are cached; they are others";
        if (cached == 0) return null;

        using var fresh = new ModelRunner(level.Runner.Model, 96, 96);
        KvSequence oracle = fresh.Pool.TryRent(96)!;
        fresh.CatchUp(oracle, [.. tokens[..cached], 0]);
        for (int slot = 0; slot < cached; slot++)
            if (!Bits(Slot(level, kv, slot)).SequenceEqual(Bits(Slot(level, oracle, slot)))) return $"level {index}, slot {slot} of {cached}";
        return null;
    }

    private static float[][] Contents(ModelLevel level, DecodingRequest request, int index)
    {
        if (ModelLevel.CacheOf(SpecRouterStrategy.LaneOf(request, index)) is not { } kv) return [];
        return [.. Enumerable.Range(0, kv.Length).Select(slot => Slot(level, kv, slot))];
    }

    /// <summary>The token, then keys and values of every layer.</summary>
    private static float[] Slot(ModelLevel level, KvSequence kv, int slot)
    {
        int dim = level.Runner.Model.Config.KvDim, layers = level.Runner.Model.Config.LayerCount;
        float[] all = new float[1 + 2 * dim * layers];
        all[0] = kv.Tokens[slot];
        for (int layer = 0; layer < layers; layer++)
            level.Runner.Model.Backend.ReadKv(kv.Store, layer, kv.Pages.StoreSlot(slot), all.AsSpan(1 + 2 * dim * layer, dim), all.AsSpan(1 + 2 * dim * layer + dim, dim));
        return all;
    }

    private static ReadOnlySpan<int> Bits(float[] values) => MemoryMarshal.Cast<float, int>(values);
}
