using Switchyard.Tensor;

namespace Switchyard.Properties.Faults;

/// <summary>Attends over slots that a mistake chooses, in the order it chooses.</summary>
internal abstract class WrongSlots(IBackend inner) : BackendDecorator(inner)
{
    public override void Attend(Matrix q, AttentionShape shape, KvStore kv, int layer, AttentionPlan plan, ReadOnlySpan<int> rows, Matrix y)
    {
        foreach (int row in rows)
        {
            var wrong = new AttentionPlan(q.Rows);
            int[] slots = Choose(plan, row, rows, shape);
            wrong.Root(row, plan.Pages(row), 0, slots[0]);
            foreach (int slot in slots[1..]) wrong.Extend(row, row, slot);
            base.Attend(q, shape, kv, layer, wrong, [row], y);
        }
    }

    protected abstract int[] Choose(AttentionPlan plan, int row, ReadOnlySpan<int> rows, AttentionShape shape);

    /// <summary>What the row ought to see, by ascending position.</summary>
    protected static int[] Right(AttentionPlan plan, int row) => [.. Enumerable.Range(0, plan.RunLength(row)), .. plan.Tail(row)];
}

/// <summary>Lets a row of a tree see the sibling that was staged just before it.</summary>
internal sealed class SiblingsVisible(IBackend inner) : WrongSlots(inner)
{
    protected override int[] Choose(AttentionPlan plan, int row, ReadOnlySpan<int> rows, AttentionShape shape)
    {
        int[] right = Right(plan, row);
        int previous = right[^1] - 1;
        return previous < 0 || right.Contains(previous) ? right : [.. right[..^1], previous, right[^1]];
    }
}

/// <summary>Sums a tail before the run that it follows: the same sum in real numbers.</summary>
internal sealed class TailBeforeRun(IBackend inner) : WrongSlots(inner)
{
    protected override int[] Choose(AttentionPlan plan, int row, ReadOnlySpan<int> rows, AttentionShape shape) =>
        [.. plan.Tail(row), .. Enumerable.Range(0, plan.RunLength(row))];
}

/// <summary>Lets a row see one position more than the window has.</summary>
internal sealed class WindowOneTooWide(IBackend inner) : BackendDecorator(inner)
{
    public override void Attend(Matrix q, AttentionShape shape, KvStore kv, int layer, AttentionPlan plan, ReadOnlySpan<int> rows, Matrix y) =>
        base.Attend(q, shape.Window == 0 ? shape : shape with { Window = shape.Window + 1 }, kv, layer, plan, rows, y);
}

/// <summary>Reads a layer's own plane whatever the source map says.</summary>
internal sealed class SourceMapIgnored(IBackend inner) : BackendDecorator(inner)
{
    public override void Attend(Matrix q, AttentionShape shape, KvStore kv, int layer, AttentionPlan plan, ReadOnlySpan<int> rows, Matrix y)
    {
        short[] right = [.. Enumerable.Range(0, kv.Shape.Slots).Select(slot => kv.Source(layer, slot))];
        for (int slot = 0; slot < right.Length; slot++) kv.SetSource(layer, slot, right[slot] == KvStore.Absent ? KvStore.Absent : (short)layer);
        base.Attend(q, shape, kv, layer, plan, rows, y);
        for (int slot = 0; slot < right.Length; slot++) kv.SetSource(layer, slot, right[slot]);
    }
}

/// <summary>Takes zeros for a slot that is absent.</summary>
internal sealed class AbsentReadAsZero(IBackend inner) : BackendDecorator(inner)
{
    public override void Attend(Matrix q, AttentionShape shape, KvStore kv, int layer, AttentionPlan plan, ReadOnlySpan<int> rows, Matrix y)
    {
        short[] right = [.. Enumerable.Range(0, kv.Shape.Slots).Select(slot => kv.Source(layer, slot))];
        for (int slot = 0; slot < right.Length; slot++) kv.SetSource(layer, slot, right[slot] == KvStore.Absent ? KvStore.Zero : right[slot]);
        base.Attend(q, shape, kv, layer, plan, rows, y);
        for (int slot = 0; slot < right.Length; slot++) kv.SetSource(layer, slot, right[slot]);
    }
}

/// <summary>Deals query heads to key heads in turn instead of in groups.</summary>
internal sealed class HeadsInterleaved(IBackend inner) : BackendDecorator(inner)
{
    public override void Attend(Matrix q, AttentionShape shape, KvStore kv, int layer, AttentionPlan plan, ReadOnlySpan<int> rows, Matrix y)
    {
        int group = shape.Heads / shape.KvHeads, width = shape.Heads * shape.HeadDim;
        using Matrix wrong = Inner.Allocate(q.Rows, q.Cols), output = Inner.Allocate(q.Rows, y.Cols);
        foreach (int row in rows)
        {
            float[] right = ReadRow(q, width, row), dealt = new float[width];
            for (int h = 0; h < shape.Heads; h++)
                right.AsSpan(h * shape.HeadDim, shape.HeadDim).CopyTo(dealt.AsSpan((h % shape.KvHeads * group + h / shape.KvHeads) * shape.HeadDim));
            Inner.Write(wrong, width, [row], dealt);
        }
        base.Attend(wrong, shape, kv, layer, plan, rows, output);
        foreach (int row in rows)
        {
            float[] dealt = ReadRow(output, width, row), right = new float[width];
            for (int h = 0; h < shape.Heads; h++)
                dealt.AsSpan((h % shape.KvHeads * group + h / shape.KvHeads) * shape.HeadDim, shape.HeadDim).CopyTo(right.AsSpan(h * shape.HeadDim));
            Inner.Write(y, width, [row], right);
        }
    }
}

/// <summary>Moves keys and values but not the word whose they are.</summary>
internal sealed class MoveForgetsSources(IBackend inner) : BackendDecorator(inner)
{
    public override void MoveKv(KvStore kv, int fromSlot, int toSlot)
    {
        short[] before = [.. Enumerable.Range(0, kv.Shape.Layers).Select(layer => kv.Source(layer, toSlot))];
        base.MoveKv(kv, fromSlot, toSlot);
        for (int layer = 0; layer < before.Length; layer++) kv.SetSource(layer, toSlot, before[layer]);
    }
}

/// <summary>Does not move keys and values at all: an accepted path that is committed without being gathered.</summary>
internal sealed class PathNotGathered(IBackend inner) : BackendDecorator(inner)
{
    public override void MoveKv(KvStore kv, int fromSlot, int toSlot) => kv.MoveSources(fromSlot, toSlot);
}
