using Switchyard.Tensor;

namespace Switchyard.Properties.Reference;

public sealed partial class ReferenceBackend
{
    /// <inheritdoc/>
    public void StoreKv(KvStore kv, int layer, Matrix k, Matrix v, ReadOnlySpan<int> slots, ReadOnlySpan<int> rows)
    {
        ReferenceKvStore store = Own(kv);
        int n = store.Shape.KvDim;
        Need(k?.Cols >= n && v?.Cols >= n, $"StoreKv: slots hold {n} elements; keys have {k?.Cols} columns, values {v?.Cols}.");
        foreach (int row in rows)
        {
            Round(store.Shape.DType, Own(k).Row(row)[..n], store.Keys(layer, slots[row]));
            Round(store.Shape.DType, Own(v).Row(row)[..n], store.Values(layer, slots[row]));
            store.SetSource(layer, slots[row], (short)layer);
        }
    }

    /// <inheritdoc/>
    public void Attend(Matrix q, AttentionShape shape, KvStore kv, int layer, AttentionPlan plan, ReadOnlySpan<int> rows, Matrix y)
    {
        ReferenceKvStore store = Own(kv);
        Need(
            shape.KvHeads == store.Shape.KvHeads && shape.HeadDim == store.Shape.HeadDim && shape.Heads % shape.KvHeads == 0,
            $"Attend: {shape} does not fit {store.Shape}.");
        Need(q?.Cols >= shape.Heads * shape.HeadDim && y?.Cols >= shape.Heads * shape.HeadDim, $"Attend: {shape} needs wider rows than {q?.Cols} and {y?.Cols}.");
        foreach (int row in rows)
        {
            for (int head = 0; head < shape.Heads; head++)
            {
                int kvHead = head / (shape.Heads / shape.KvHeads);
                List<VisibleSlot> visible = Visible(store, layer, plan, row, shape.Window, kvHead * shape.HeadDim);
                Span<float> output = Own(y).Row(row).Slice(head * shape.HeadDim, shape.HeadDim);
                if (visible.Count == 0) output.Clear();
                else _arithmetic.Attend(Own(q).Row(row).Slice(head * shape.HeadDim, shape.HeadDim), visible, shape.Scale, output);
            }
        }
    }

    /// <inheritdoc/>
    public void MoveKv(KvStore kv, int fromSlot, int toSlot)
    {
        ReferenceKvStore store = Own(kv);
        for (int layer = 0; layer < store.Shape.Layers; layer++)
        {
            store.Keys(layer, fromSlot).CopyTo(store.Keys(layer, toSlot));
            store.Values(layer, fromSlot).CopyTo(store.Values(layer, toSlot));
        }
        store.MoveSources(fromSlot, toSlot);
        Counters.KvBytesCopied += 2L * store.Shape.Layers * store.Shape.KvDim * store.Shape.DType.BlockBytes();
    }

    /// <inheritdoc/>
    public void ReadKv(KvStore kv, int layer, int slot, Span<float> keys, Span<float> values)
    {
        Own(kv).Keys(layer, slot).CopyTo(keys);
        Own(kv).Values(layer, slot).CopyTo(values);
    }

    /// <summary>Everything that <paramref name="row"/> sees through one kv head, in ascending position.</summary>
    private static List<VisibleSlot> Visible(ReferenceKvStore store, int layer, AttentionPlan plan, int row, int window, int offset)
    {
        var visible = new List<VisibleSlot>();
        int last = plan.Position(row), first = window == 0 ? 0 : Math.Max(0, last - window + 1), dim = store.Shape.HeadDim;
        for (int position = first; position <= last; position++)
        {
            int run = plan.RunLength(row);
            int slot = plan.Pages(row).StoreSlot(position < run ? position : plan.Tail(row)[position - run]);
            short source = store.Source(layer, slot);
            if (source == KvStore.Absent) continue;
            visible.Add(source == KvStore.Zero
                ? new(position, new float[dim], new float[dim])
                : new(position, store.Keys(source, slot).Slice(offset, dim).ToArray(), store.Values(source, slot).Slice(offset, dim).ToArray()));
        }
        return visible;
    }

    private static void Round(DType dtype, ReadOnlySpan<float> from, Span<float> to)
    {
        for (int i = 0; i < from.Length; i++) to[i] = dtype == DType.F16 ? (float)(Half)from[i] : from[i];
    }
}
