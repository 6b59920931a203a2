using Switchyard.Backends.Cpu.Work;
using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public void StoreKv(KvStore kv, int layer, Matrix k, Matrix v, ReadOnlySpan<int> slots, ReadOnlySpan<int> rows)
    {
        CpuKvStore store = Own(kv);
        (CpuMatrix keys, CpuMatrix values) = (Own(k), Own(v));
        KvShape shape = CheckLayer("StoreKv", store, layer);
        CheckCols("StoreKv", k, shape.KvDim);
        CheckCols("StoreKv", v, shape.KvDim);
        CheckRows("StoreKv", rows, k);
        CheckRows("StoreKv", rows, v);
        CheckIndexed("StoreKv", "slot", slots, rows, shape.Slots);
        foreach (int row in rows)
        {
            int page = slots[row] / KvShape.PageSize, lane = slots[row] % KvShape.PageSize;
            float* fromKeys = keys.Row(row), fromValues = values.Row(row);
            for (int head = 0; head < shape.KvHeads; head++, fromKeys += shape.HeadDim, fromValues += shape.HeadDim)
                store.Set(layer, page, head, lane, fromKeys, fromValues);
            store.SetSource(layer, slots[row], (short)layer);
        }
    }

    /// <inheritdoc/>
    public void Attend(Matrix q, AttentionShape shape, KvStore kv, int layer, AttentionPlan plan, ReadOnlySpan<int> rows, Matrix y)
    {
        CpuKvStore store = Own(kv);
        (CpuMatrix from, CpuMatrix to) = (Own(q), Own(y));
        KvShape kvShape = CheckLayer("Attend", store, layer);
        if (shape.KvHeads != kvShape.KvHeads || shape.HeadDim != kvShape.HeadDim || shape.Heads <= 0 || shape.Heads % shape.KvHeads != 0)
            throw new ShapeException($"Attend: {shape} does not fit a store of {kvShape.KvHeads} heads of {kvShape.HeadDim}.");
        CheckCols("Attend", q, shape.Heads * shape.HeadDim);
        CheckCols("Attend", y, shape.Heads * shape.HeadDim);
        CheckRows("Attend", rows, q);
        CheckRows("Attend", rows, y);
        if (rows.IsEmpty) return;
        long scratch = AttendWork.BytesFor(shape);
        fixed (int* indices = rows)
        {
            int* groups = _groups.Get<int>(rows.Length + 1);
            (int count, long bytes) = GroupRows(plan, shape, rows, groups);
            AttendWork work = new()
            {
                Kernels = _kernels,
                Q = from,
                Y = to,
                Kv = store,
                Plan = plan,
                Shape = shape,
                Layer = layer,
                Rows = indices,
                Groups = groups,
                Scratch = _attention.Get<byte>(scratch * Threads),
                ScratchBytes = scratch,
            };
            Run(work, count * shape.KvHeads, bytes);
        }
    }

    /// <inheritdoc/>
    public void MoveKv(KvStore kv, int fromSlot, int toSlot)
    {
        CpuKvStore store = Own(kv);
        KvShape shape = store.Shape;
        if ((uint)fromSlot >= (uint)shape.Slots || (uint)toSlot >= (uint)shape.Slots)
            throw new ShapeException($"MoveKv: slots {fromSlot} and {toSlot} must be below {shape.Slots}.");
        if (fromSlot == toSlot) return;
        (int fromPage, int fromLane) = Math.DivRem(fromSlot, KvShape.PageSize);
        (int toPage, int toLane) = Math.DivRem(toSlot, KvShape.PageSize);
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            for (int head = 0; head < shape.KvHeads; head++)
            {
                byte* fromKeys = store.Keys(layer, fromPage, head), toKeys = store.Keys(layer, toPage, head);
                byte* fromValues = store.Values(layer, fromPage, head), toValues = store.Values(layer, toPage, head);
                for (int d = 0; d < shape.HeadDim; d++)
                {
                    store.Set(toKeys, d * KvShape.PageSize + toLane, store.Get(fromKeys, d * KvShape.PageSize + fromLane));
                    store.Set(toValues, toLane * shape.HeadDim + d, store.Get(fromValues, fromLane * shape.HeadDim + d));
                }
            }
        }
        store.MoveSources(fromSlot, toSlot);
        Counters.KvBytesCopied += 2L * shape.Layers * shape.KvDim * store.ElementBytes;
    }

    /// <inheritdoc/>
    public void ReadKv(KvStore kv, int layer, int slot, Span<float> keys, Span<float> values)
    {
        CpuKvStore store = Own(kv);
        KvShape shape = CheckLayer("ReadKv", store, layer);
        if ((uint)slot >= (uint)shape.Slots) throw new ShapeException($"ReadKv: slot {slot} is not below {shape.Slots}.");
        if (keys.Length != shape.KvDim || values.Length != shape.KvDim)
            throw new ShapeException($"ReadKv: room for {keys.Length} keys and {values.Length} values is given; {shape.KvDim} each are needed.");
        (int page, int lane) = Math.DivRem(slot, KvShape.PageSize);
        for (int head = 0; head < shape.KvHeads; head++)
        {
            for (int d = 0; d < shape.HeadDim; d++)
            {
                keys[head * shape.HeadDim + d] = store.Get(store.Keys(layer, page, head), d * KvShape.PageSize + lane);
                values[head * shape.HeadDim + d] = store.Get(store.Values(layer, page, head), lane * shape.HeadDim + d);
            }
        }
    }

    // Neighbours in the list that belong to one sequence form groups, small enough that all threads have some, large enough for the kernel.
    private (int Count, long Bytes) GroupRows(AttentionPlan plan, AttentionShape shape, ReadOnlySpan<int> rows, int* groups)
    {
        int best = _kernels.AttentionTogether * shape.KvHeads / shape.Heads, count = 0;
        int size = Math.Clamp(Math.Max(best, rows.Length * shape.KvHeads / (4 * Threads)), 1, AttendWork.MaxGroupRows);
        long bytes = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            PageTable pages = plan.Pages(rows[i]);
            if (i == 0 || i - groups[count - 1] == size || pages != plan.Pages(rows[i - 1])) groups[count++] = i;
            bytes += 8L * (plan.Position(rows[i]) + 1) * shape.HeadDim * shape.Heads;
        }
        groups[count] = rows.Length;
        return (count, bytes);
    }

    private static KvShape CheckLayer(string operation, CpuKvStore store, int layer)
    {
        if ((uint)layer >= (uint)store.Shape.Layers) throw new ShapeException($"{operation}: layer {layer} is not below {store.Shape.Layers}.");
        return store.Shape;
    }
}
