using Switchyard.Model;
using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary>A model with a cache and an arena, asked for logits and for what its cache holds.</summary>
internal sealed class LogitsProbe(TransformerModel model, int rows = 48, int slots = 768) : IDisposable
{
    public ModelRunner Runner { get; } = new(model, rows, slots);

    public int Vocab => model.Config.VocabSize;

    public KvSequence Rent() =>
        Runner.Pool.TryRent(Math.Min(model.ContextLength, TinyModels.ContextLength)) ?? throw new InvalidOperationException("The law's own pool is too small.");

    /// <summary>Runs rows through every layer and reads the logits of each, [rows][VocabSize].</summary>
    public float[][] Forward(ReadOnlySpan<int> rows)
    {
        Runner.Forward(rows);
        return Logits(rows, model.FinalExit);
    }

    /// <summary>Logits of rows at an exit, [rows][VocabSize].</summary>
    public float[][] Logits(ReadOnlySpan<int> rows, ExitHead exit)
    {
        float[] logits = new float[rows.Length * Vocab];
        model.Readout(Runner.Batch, rows, exit, logits);
        return [.. Enumerable.Range(0, rows.Length).Select(i => logits.AsSpan(i * Vocab, Vocab).ToArray())];
    }

    /// <summary>Runs tokens after what a cache holds, as one chain in one pass, and commits them; the logits after each.</summary>
    public float[][] Append(KvSequence kv, ReadOnlySpan<int> tokens)
    {
        if (tokens.IsEmpty) return [];
        int[] rows = new int[tokens.Length];
        for (int i = 0; i < rows.Length; i++) rows[i] = Runner.Batch.Add(kv, tokens[i], i == 0 ? ForwardBatch.Root : rows[i - 1]);
        float[][] logits = Forward(rows);
        kv.CommitAll();
        Runner.Batch.Clear();
        return logits;
    }

    /// <summary>The logits after each token when every one of them has a pass to itself, in a new cache.</summary>
    public float[][] OneByOne(ReadOnlySpan<int> tokens)
    {
        KvSequence kv = Rent();
        float[][] logits = new float[tokens.Length][];
        for (int i = 0; i < tokens.Length; i++) logits[i] = Append(kv, tokens.Slice(i, 1))[0];
        Runner.Pool.Return(kv);
        return logits;
    }

    /// <summary>Adds a tree below what a cache holds; parents are places in the tree, −1 for the root.</summary>
    public int[] AddTree(KvSequence kv, IReadOnlyList<int> tokens, IReadOnlyList<int> parents)
    {
        int[] rows = new int[tokens.Count];
        for (int i = 0; i < rows.Length; i++) rows[i] = Runner.Batch.Add(kv, tokens[i], parents[i] < 0 ? ForwardBatch.Root : rows[parents[i]]);
        return rows;
    }

    /// <summary>Everything that later rows can read of a cache: per (layer, committed slot) the source, then its keys and values.</summary>
    public float[][] Contents(KvSequence kv)
    {
        KvStore store = kv.Store;
        var contents = new List<float[]>();
        for (int layer = 0; layer < store.Shape.Layers; layer++)
            for (int slot = 0; slot < kv.Length; slot++)
            {
                int at = kv.Pages.StoreSlot(slot);
                float[] keys = new float[store.Shape.KvDim], values = new float[store.Shape.KvDim];
                short source = store.Source(layer, at);
                if (source >= 0) model.Backend.ReadKv(store, source, at, keys, values);
                contents.Add([source, .. keys, .. values]);
            }
        return [.. contents];
    }

    public void Dispose() => Runner.Dispose();
}
