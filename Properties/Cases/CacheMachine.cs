using Switchyard.Model;
using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary>Plays a <see cref="CacheScript"/> on a real pool and on lists, and compares the two after every step.</summary>
internal sealed class CacheMachine : IDisposable
{
    private readonly CacheOperations _cache;
    private readonly IBackend _backend;
    private readonly KvPool _pool;
    private readonly Matrix _mark;
    private readonly List<Pair> _pairs = [];
    private int _marks;

    public CacheMachine(IBackend backend, CacheOperations cache, int pages)
    {
        (_backend, _cache) = (backend, cache);
        var config = new ModelConfig
        {
            VocabSize = 8, HiddenSize = 4, IntermediateSize = 4, LayerCount = 2, HeadCount = 1, KvHeadCount = 1, HeadDim = 4, MaxPositionEmbeddings = 64,
        };
        (_pool, _mark) = (new KvPool(backend, config, pages * KvShape.PageSize), backend.Allocate(1, 4));
    }

    /// <summary>A slot as the list has it. The mark was written as its keys, so that moved slots can be told.</summary>
    private readonly record struct Slot(int Token, Provenance Provenance, float Mark);

    /// <summary>A sequence and the lists that it must agree with.</summary>
    private sealed record Pair(KvSequence Kv)
    {
        public List<Slot> Committed { get; } = [];

        public List<Slot> Staged { get; } = [];
    }

    public Verdict Play(CacheScript script)
    {
        for (int i = 0; i < script.Steps.Length; i++)
        {
            string? wrong = Apply(script.Steps[i]) ?? Compare();
            if (wrong is not null) return Verdict.Broken($"after step {i} ({script.Steps[i]}): {wrong}");
        }
        return Verdict.Held;
    }

    public void Dispose()
    {
        _mark.Dispose();
        _pool.Dispose();
    }

    private string? Apply(CacheStep step)
    {
        if (step.Action == CacheAction.Rent) return Rent(8 + step.Choice % 50);
        if (_pairs.Count == 0) return null;
        Pair pair = _pairs[step.Choice % _pairs.Count];
        var random = new CaseRandom(step.Choice);
        switch (step.Action)
        {
            case CacheAction.Return:
                _pool.Return(pair.Kv);
                _pool.Return(pair.Kv);
                _pairs.Remove(pair);
                return null;
            case CacheAction.Stage: return Stage(pair, random);
            case CacheAction.Commit: return Commit(pair, random);
            case CacheAction.CommitWrong: return CommitWrong(pair);
            case CacheAction.Rollback:
                _cache.Rollback(pair.Kv);
                break;
            case CacheAction.Truncate:
                int length = random.Below(pair.Committed.Count + 1);
                _cache.Truncate(pair.Kv, length);
                pair.Committed.RemoveRange(length, pair.Committed.Count - length);
                break;
            case CacheAction.Reconcile: Reconcile(pair, random); break;
        }
        pair.Staged.Clear();
        return null;
    }

    private string? Rent(int capacity)
    {
        int pages = KvPool.PagesFor(capacity), reserved = _pairs.Sum(p => KvPool.PagesFor(p.Kv.Capacity)), total = _pool.Store.Shape.Pages;
        try
        {
            KvSequence? kv = _pool.TryRent(capacity);
            if (kv is not null) _pairs.Add(new Pair(kv));
            bool room = reserved + pages <= total;
            return (kv is not null) == room ? null : $"renting {capacity} slots with {total - reserved} pages left gave {(kv is null ? "nothing" : "a sequence")}";
        }
        catch (ContextOverflowException)
        {
            return pages > total ? null : $"renting {capacity} slots of a pool of {total} pages was refused for ever";
        }
    }

    private string? Stage(Pair pair, CaseRandom random)
    {
        for (int n = random.Below(7); n >= 0; n--)
        {
            var slot = new Slot(random.Below(3), new Provenance((ushort)(random.Below(5) == 0 ? 7 : 0)), ++_marks);
            int at;
            try
            {
                at = _cache.Stage(pair.Kv, slot.Token, slot.Provenance);
            }
            catch (ContextOverflowException) when (pair.Committed.Count + pair.Staged.Count == pair.Kv.Capacity)
            {
                return null;
            }
            int stored = pair.Kv.Pages.StoreSlot(at);
            for (int layer = 0; layer < pair.Kv.Store.Shape.Layers; layer++)
                if (pair.Kv.Store.Source(layer, stored) != KvStore.Absent) return $"slot {at} was staged with source {pair.Kv.Store.Source(layer, stored)} at layer {layer}";
            _backend.Write(_mark, 4, [0], [slot.Mark, 0, 0, 0]);
            _backend.StoreKv(pair.Kv.Store, 0, _mark, _mark, [stored], [0]);
            pair.Staged.Add(slot);
        }
        return null;
    }

    private string? Commit(Pair pair, CaseRandom random)
    {
        int[] keep = [.. Enumerable.Range(0, pair.Staged.Count).Where(_ => random.Below(3) > 0)];
        _cache.Commit(pair.Kv, [.. keep.Select(i => pair.Committed.Count + i)]);
        pair.Committed.AddRange([.. keep.Select(i => pair.Staged[i])]);
        pair.Staged.Clear();
        return null;
    }

    private static string? CommitWrong(Pair pair)
    {
        foreach (int[] keep in new int[][] { [pair.Committed.Count + pair.Staged.Count], [pair.Committed.Count - 1] })
        {
            try
            {
                pair.Kv.Commit(keep);
                return $"committing slot {keep[0]} of {pair.Committed.Count} + {pair.Staged.Count} was accepted";
            }
            catch (ArgumentOutOfRangeException)
            {
            }
        }
        return null;
    }

    /// <summary>A reader whose tokens agree up to some place; the list says which slots serve it.</summary>
    private void Reconcile(Pair pair, CaseRandom random)
    {
        var reader = new Provenance((ushort)(random.Below(2) == 0 ? 7 : 0));
        int agree = random.Below(pair.Committed.Count + 1);
        int[] tokens = [.. pair.Committed.Take(agree).Select(s => s.Token), .. Enumerable.Range(0, 1 + random.Below(4)).Select(_ => random.Below(3))];
        _cache.Reconcile(pair.Kv, tokens, reader);
        int keep = 0;
        while (keep < Math.Min(tokens.Length - 1, pair.Committed.Count)
            && pair.Committed[keep].Token == tokens[keep]
            && (pair.Committed[keep].Provenance == default || pair.Committed[keep].Provenance == reader)) keep++;
        pair.Committed.RemoveRange(keep, pair.Committed.Count - keep);
    }

    private string? Compare()
    {
        foreach (Pair pair in _pairs)
            if (Compare(pair) is { } wrong) return wrong;
        int reserved = _pairs.Sum(p => KvPool.PagesFor(p.Kv.Capacity)), held = _pairs.Sum(p => p.Kv.Pages.Count), total = _pool.Store.Shape.Pages;
        if (_pool.UnreservedPages != total - reserved) return $"the pool has {_pool.UnreservedPages} unreserved pages, {total - reserved} are right";
        if (_pool.FreePages != total - held) return $"the pool has {_pool.FreePages} free pages, {total - held} are right";
        int[] pages = [.. _pairs.SelectMany(p => p.Kv.Pages.Pages.ToArray())];
        return pages.Distinct().Count() == pages.Length ? null : "two sequences hold the same page";
    }

    private string? Compare(Pair pair)
    {
        KvSequence kv = pair.Kv;
        int slots = pair.Committed.Count + pair.Staged.Count;
        if (kv.Length != pair.Committed.Count || kv.Staged != pair.Staged.Count)
            return $"{kv.Length} committed and {kv.Staged} staged, {pair.Committed.Count} and {pair.Staged.Count} are right";
        if (kv.Room != kv.Capacity - slots) return $"room for {kv.Room} more slots, {kv.Capacity - slots} is right";
        if (kv.Pages.Count != KvPool.PagesFor(slots)) return $"{kv.Pages.Count} pages for {slots} slots";
        if (!kv.Tokens.SequenceEqual(pair.Committed.Select(s => s.Token).ToArray())) return "other tokens than were committed";
        float[] keys = new float[4], values = new float[4];
        for (int slot = 0; slot < slots; slot++)
        {
            Slot want = slot < pair.Committed.Count ? pair.Committed[slot] : pair.Staged[slot - pair.Committed.Count];
            if (slot < kv.Length && kv.ProvenanceOf(slot) != want.Provenance) return $"slot {slot} says {kv.ProvenanceOf(slot)}, {want.Provenance} wrote it";
            int stored = kv.Pages.StoreSlot(slot);
            _backend.ReadKv(kv.Store, 0, stored, keys, values);
            if (keys[0] != want.Mark || values[0] != want.Mark) return $"slot {slot} holds the keys and values of mark {keys[0]}, {want.Mark} is right";
            if (kv.Store.Source(0, stored) != 0 || kv.Store.Source(1, stored) != KvStore.Absent) return $"slot {slot} has lost its sources";
        }
        return null;
    }
}
