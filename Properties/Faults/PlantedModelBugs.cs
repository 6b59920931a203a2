using Switchyard.Model;
using Switchyard.Tensor;

namespace Switchyard.Properties.Faults;

/// <summary>Mistakes in the handling of caches and rows.</summary>
public static class PlantedModelBugs
{
    /// <summary>A rollback keeps a token.</summary>
    public static PlantedBug RollbackKeepsOne { get; } = Of(
        "rollback-keeps-one", "A rollback commits the first staged slot.", new KeepsOne());

    /// <summary>A rollback does nothing.</summary>
    public static PlantedBug RollbackLeavesStaged { get; } = Of(
        "rollback-does-nothing", "A rollback leaves what was staged.", new LeavesStaged());

    /// <summary>Provenance is ignored.</summary>
    public static PlantedBug ProvenanceIgnored { get; } = Of(
        "provenance-ignored", "Catching up takes a policy's rows for exact ones.", new IgnoresProvenance());

    /// <summary>Disagreeing tokens are kept.</summary>
    public static PlantedBug DisagreeingTailKept { get; } = Of(
        "disagreeing-tail-kept", "Catching up feeds what is missing and keeps what disagrees.", new KeepsTail());

    /// <summary>Staging keeps old sources.</summary>
    public static PlantedBug StagingKeepsSources { get; } = Of(
        "staging-keeps-sources", "Staging a slot leaves the sources that an earlier token had there.", new KeepsSources());

    /// <summary>Truncating keeps a slot.</summary>
    public static PlantedBug TruncateOffByOne { get; } = Of(
        "truncate-off-by-one", "Truncating keeps one slot more than asked for.", new TruncatesLate());

    /// <summary>A commit keeps the first slots.</summary>
    public static PlantedBug CommitKeepsFirst { get; } = Of(
        "commit-keeps-first", "A commit keeps as many slots as asked for, but the first ones.", new CommitsFirst());

    /// <summary>Rows of a call share a position.</summary>
    public static PlantedBug FirstPositionForAll { get; } = new(
        "first-position-for-all", "All rows of a call turn to the first one's position.",
        subject => subject.WithBackend(b => new FirstPosition(b)) with { Name = $"{subject.Name} with first-position-for-all" });

    private static PlantedBug Of(string id, string sentence, CacheOperations cache) =>
        new(id, sentence, subject => subject with { Name = $"{subject.Name} with {id}", Cache = cache });

    private sealed class FirstPosition(IBackend inner) : BackendDecorator(inner)
    {
        public override void Rope(Matrix x, int cols, RopeTable table, ReadOnlySpan<int> positions, ReadOnlySpan<int> rows)
        {
            int[] wrong = positions.ToArray();
            foreach (int row in rows) wrong[row] = positions[rows[0]];
            base.Rope(x, cols, table, wrong, rows);
        }
    }

    private sealed class KeepsOne : CacheOperations
    {
        public override void Rollback(KvSequence kv)
        {
            if (kv.Staged > 0) kv.Commit([kv.Length]);
            else kv.Rollback();
        }
    }

    private sealed class LeavesStaged : CacheOperations
    {
        public override void Rollback(KvSequence kv)
        {
        }
    }

    private sealed class IgnoresProvenance : CacheOperations
    {
        public override void Reconcile(KvSequence kv, ReadOnlySpan<int> tokens, Provenance reader) => kv.Reconcile(tokens, new Provenance(7));

        public override void CatchUp(ModelRunner runner, KvSequence kv, ReadOnlySpan<int> tokens, Provenance reader) =>
            runner.CatchUp(kv, tokens, new Provenance(7));
    }

    private sealed class KeepsTail : CacheOperations
    {
        public override void Reconcile(KvSequence kv, ReadOnlySpan<int> tokens, Provenance reader) => kv.Truncate(Math.Min(kv.Length, tokens.Length - 1));

        public override void CatchUp(ModelRunner runner, KvSequence kv, ReadOnlySpan<int> tokens, Provenance reader)
        {
            Reconcile(kv, tokens, reader);
            runner.CatchUp(kv, [.. kv.Tokens, .. tokens[kv.Length..]], reader);
        }
    }

    private sealed class KeepsSources : CacheOperations
    {
        public override int Stage(KvSequence kv, int token, Provenance provenance)
        {
            int slot = kv.Stage(token, provenance);
            for (int layer = 0; layer < kv.Store.Shape.Layers; layer++) kv.Store.SetSource(layer, kv.Pages.StoreSlot(slot), (short)layer);
            return slot;
        }
    }

    private sealed class TruncatesLate : CacheOperations
    {
        public override void Truncate(KvSequence kv, int length) => kv.Truncate(Math.Min(kv.Length, length + 1));
    }

    private sealed class CommitsFirst : CacheOperations
    {
        public override void Commit(KvSequence kv, ReadOnlySpan<int> keep)
        {
            int from = kv.Length;
            kv.Commit([.. Enumerable.Range(from, keep.Length)]);
        }
    }
}
