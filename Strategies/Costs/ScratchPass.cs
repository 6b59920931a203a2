using Switchyard.Model;

namespace Switchyard.Strategies.Costs;

/// <summary>Times one pass on a sequence that nobody reads: a context of any length, then a tree.</summary>
internal sealed class ScratchPass(ModelRunner runner)
{
    /// <summary>Runs and times a pass, its read-out included.</summary>
    /// <param name="layers">Layers to run.</param>
    /// <param name="context">Tokens of context wanted; cut to what model and pool have room for.</param>
    /// <param name="count">Rows.</param>
    /// <param name="rows">Room for them.</param>
    /// <param name="time">The clock.</param>
    /// <param name="seconds">What it took.</param>
    /// <returns>False, with nothing run, where arena or pool have no room now.</returns>
    public bool TryRun(LayerRange layers, int context, int count, int[] rows, TimeProvider time, out double seconds)
    {
        seconds = 0;
        TransformerModel model = runner.Model;
        context = Math.Min(Math.Min(context, model.ContextLength - count), runner.Pool.UnreservedPages * Tensor.KvShape.PageSize - count);
        if (context < 1 || runner.Batch.FreeRows < count || runner.Pool.TryRent(context + count) is not { } kv) return false;
        int added = 0;
        try
        {
            FakeContext(kv, layers, context);
            for (; added < count; added++) // every other row branches, so that the tree's path through attention is timed
                rows[added] = runner.Batch.Add(kv, 0, added == 0 ? Switchyard.Model.ForwardBatch.Root : rows[(added - 1) / 2]);
            ReadOnlySpan<int> pass = rows.AsSpan(0, count);
            long start = time.GetTimestamp();
            model.Embed(runner.Batch, pass);
            model.Run(runner.Batch, pass, layers);
            var nobody = default(Nobody);
            model.Readout(runner.Batch, pass, model.FinalExit, ref nobody);
            seconds = time.GetElapsedTime(start).TotalSeconds;
            return true;
        }
        finally
        {
            runner.Batch.Remove(rows.AsSpan(0, added));
            runner.Pool.Return(kv);
        }
    }

    // Attention takes the same time whatever keys it reads, so the context is declared present and never computed.
    private static void FakeContext(KvSequence kv, LayerRange layers, int context)
    {
        for (int i = 0; i < context; i++)
        {
            int slot = kv.Pages.StoreSlot(kv.Stage(0));
            for (int layer = layers.Start; layer < layers.End; layer++) kv.Store.SetSource(layer, slot, (short)layer);
        }
        kv.CommitAll();
    }

    private struct Nobody : ILogitsReader
    {
        public readonly void Read(int index, ReadOnlySpan<float> logits)
        {
        }
    }
}
