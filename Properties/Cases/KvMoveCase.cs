using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary>A script of writes, moves and source changes on a store, each named by its numbers.</summary>
/// <param name="CacheType">F32 or F16.</param>
/// <param name="Pages">Pages of the store.</param>
/// <param name="Steps">Steps of the script.</param>
/// <param name="Seed">Of the steps.</param>
public sealed record KvMoveCase(DType CacheType, int Pages, int Steps, int Seed)
{
    internal const int Layers = 3;

    /// <summary>Applies the script and reads the whole store back: sources, then keys and values of every (layer, slot).</summary>
    public float[][] Execute(IBackend backend)
    {
        var shape = new KvShape(Layers, Pages, KvHeads: 2, HeadDim: 6, CacheType);
        using KvStore store = backend.AllocateKv(shape);
        using Matrix k = backend.Allocate(4, shape.KvDim), v = backend.Allocate(4, shape.KvDim);
        var random = new CaseRandom(Seed);
        for (int step = 0; step < Steps; step++)
        {
            int slot = random.Below(shape.Slots), other = random.Below(shape.Slots), layer = random.Below(Layers);
            switch (random.Below(4))
            {
                case 0: backend.MoveKv(store, slot, other); break;
                case 1: store.ResetSources(slot); break;
                default: Write(backend, store, random, (k, v), layer); break;
            }
        }
        return [.. Enumerable.Range(0, Layers * shape.Slots).Select(i => ReadBack(backend, store, i / shape.Slots, i % shape.Slots))];
    }

    /// <summary>Scripts like this one, smaller.</summary>
    public IEnumerable<KvMoveCase> Smaller()
    {
        if (Steps > 1) yield return this with { Steps = Steps / 2 };
        if (Steps > 1) yield return this with { Steps = Steps - 1 };
        if (Pages > 1) yield return this with { Pages = 1 };
    }

    private static void Write(IBackend backend, KvStore store, CaseRandom random, (Matrix K, Matrix V) m, int layer)
    {
        int[] rows = random.Shuffled(4)[..(1 + random.Below(4))], slots = random.Shuffled(store.Shape.Slots)[..4];
        backend.Write(m.K, store.Shape.KvDim, [0, 1, 2, 3], random.Normals(4 * store.Shape.KvDim));
        backend.Write(m.V, store.Shape.KvDim, [0, 1, 2, 3], random.Normals(4 * store.Shape.KvDim));
        backend.StoreKv(store, layer, m.K, m.V, slots, rows);
    }

    private static float[] ReadBack(IBackend backend, KvStore store, int layer, int slot)
    {
        float[] keys = new float[store.Shape.KvDim], values = new float[store.Shape.KvDim];
        backend.ReadKv(store, layer, slot, keys, values);
        int own = store.OwnMask(layer, slot / KvShape.PageSize) >> (slot % KvShape.PageSize) & 1;
        return [store.Source(layer, slot), own, .. keys, .. values];
    }
}
