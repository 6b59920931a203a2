using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Properties;
using Switchyard.Properties.Faults;
using Switchyard.Strategies;
using Switchyard.Strategies.Speculation;
using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests.Speculation;

/// <summary>What speculation leaves in the target's cache.</summary>
public sealed class CacheTests
{
    [Theory]
    [InlineData("llama-gqa-tied", "model")]
    [InlineData("mistral-window", "model")]
    [InlineData("qwen3-qk-norm", "self")]
    [InlineData("llama-q8_0", "skip")]
    public void Accepted_paths_leave_the_keys_and_values_of_sequential_decoding_bit_by_bit(string model, string drafter)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        Assert.Null(Compare(backend, model, drafter));
    }

    [Fact]
    public void Not_moving_the_accepted_slots_is_caught() // the negative control
    {
        using var broken = new StaysBehind(new CpuBackend(new CpuOptions { Threads = 1 }));
        Assert.NotNull(Compare(broken, "llama-gqa-tied", "model"));
    }

    private static string? Compare(IBackend backend, string model, string kind)
    {
        ModelRunner target = Decoding.Runner(backend, model, 1);
        IDrafter drafter = kind switch
        {
            "self" => new SelfDrafter(target, target.Model.SharedExit(2)),
            "skip" => new LayerSkipDrafter(target, LayerSkipDrafter.EveryOther(target.Model.Config.LayerCount)),
            _ => Decoding.Draft(backend, model, 1),
        };
        using var strategy = new SpeculativeStrategy("tree", target, drafter, new FixedShaper(4, 3, 12));
        using ModelRunner sequential = Decoding.Runner(backend, model, 1);
        DecodingRequest request = new([3, 1, 4, 1, 5], new GenerationOptions { MaxNewTokens = 60, Temperature = 0.7f, Seed = 11, IgnoreEos = true });
        KvSequence? cache = null;
        int branches = 0;
        strategy.OnVerified = session =>
        {
            cache = session.TargetCache;
            for (int i = 0; i < session.Accepted.Length; i++) if (session.Accepted[i] != i) branches++;
        };
        Assert.True(strategy.TryAdmit(request));
        while (!request.IsFinished) strategy.Step([request]);
        Assert.True(cache!.Length >= request.Tokens.Length - 2);
        Assert.True(branches > 3 || kind != "model", "No accepted path left the first chain: nothing was moved.");

        KvSequence oracle = sequential.Pool.TryRent(request.Tokens.Length)!;
        for (int length = 2; length <= cache.Length + 1; length++) sequential.CatchUp(oracle, request.Tokens[..length]); // one row a pass
        return Difference(target.Model, cache, oracle);
    }

    private static string? Difference(TransformerModel model, KvSequence cache, KvSequence oracle)
    {
        int dim = model.Config.KvDim;
        float[] k1 = new float[dim], v1 = new float[dim], k2 = new float[dim], v2 = new float[dim];
        for (int slot = 0; slot < Math.Min(cache.Length, oracle.Length); slot++)
        {
            if (cache.ProvenanceOf(slot) != Provenance.Exact) return $"slot {slot} is a policy's";
            for (int layer = 0; layer < model.Config.LayerCount; layer++)
            {
                int mine = cache.Pages.StoreSlot(slot), theirs = oracle.Pages.StoreSlot(slot);
                if (cache.Store.Source(layer, mine) != layer) return $"slot {slot}, layer {layer} has another source";
                model.Backend.ReadKv(cache.Store, layer, mine, k1, v1);
                model.Backend.ReadKv(oracle.Store, layer, theirs, k2, v2);
                if (!Bits(k1).SequenceEqual(Bits(k2)) || !Bits(v1).SequenceEqual(Bits(v2))) return $"slot {slot}, layer {layer}";
            }
        }
        return null;
    }

    private static ReadOnlySpan<int> Bits(float[] values) => System.Runtime.InteropServices.MemoryMarshal.Cast<float, int>(values);

    private sealed class StaysBehind(IBackend inner) : BackendDecorator(inner)
    {
        public override void MoveKv(KvStore kv, int fromSlot, int toSlot) => kv.MoveSources(fromSlot, toSlot);
    }
}
