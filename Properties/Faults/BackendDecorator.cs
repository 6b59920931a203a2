using Switchyard.Tensor;

namespace Switchyard.Properties.Faults;

/// <summary>Passes every operation on to another backend, whose handles it hands out: what a planted mistake overrides one method of.</summary>
public abstract class BackendDecorator(IBackend inner) : IBackend
{
    /// <summary>What does the work; owned.</summary>
    protected IBackend Inner { get; } = inner;

    /// <inheritdoc/>
    public string Name => $"{Inner.Name} ({GetType().Name})";

    /// <inheritdoc/>
    public int Threads => Inner.Threads;

    /// <inheritdoc/>
    public BackendCounters Counters => Inner.Counters;

    /// <inheritdoc/>
    public virtual Matrix Allocate(int rows, int cols) => Inner.Allocate(rows, cols);

    /// <inheritdoc/>
    public virtual Weight Upload(string name, TensorData data) => Inner.Upload(name, data);

    /// <inheritdoc/>
    public virtual RopeTable UploadRope(int headDim, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines) => Inner.UploadRope(headDim, cosines, sines);

    /// <inheritdoc/>
    public virtual KvStore AllocateKv(KvShape shape) => Inner.AllocateKv(shape);

    /// <inheritdoc/>
    public virtual void Embed(Weight table, ReadOnlySpan<int> tokens, ReadOnlySpan<int> rows, Matrix y) => Inner.Embed(table, tokens, rows, y);

    /// <inheritdoc/>
    public virtual void RmsNorm(Matrix x, Weight gain, float eps, ReadOnlySpan<int> rows, Matrix y, ReadOnlySpan<int> outRows = default) =>
        Inner.RmsNorm(x, gain, eps, rows, y, outRows);

    /// <inheritdoc/>
    public virtual void RmsNormHeads(Matrix x, int headDim, Weight gain, float eps, ReadOnlySpan<int> rows) => Inner.RmsNormHeads(x, headDim, gain, eps, rows);

    /// <inheritdoc/>
    public virtual void MatMul(Matrix x, ReadOnlySpan<Projection> projections, ReadOnlySpan<int> rows, bool accumulate = false) =>
        Inner.MatMul(x, projections, rows, accumulate);

    /// <inheritdoc/>
    public virtual void Rope(Matrix x, int cols, RopeTable table, ReadOnlySpan<int> positions, ReadOnlySpan<int> rows) =>
        Inner.Rope(x, cols, table, positions, rows);

    /// <inheritdoc/>
    public virtual void StoreKv(KvStore kv, int layer, Matrix k, Matrix v, ReadOnlySpan<int> slots, ReadOnlySpan<int> rows) =>
        Inner.StoreKv(kv, layer, k, v, slots, rows);

    /// <inheritdoc/>
    public virtual void Attend(Matrix q, AttentionShape shape, KvStore kv, int layer, AttentionPlan plan, ReadOnlySpan<int> rows, Matrix y) =>
        Inner.Attend(q, shape, kv, layer, plan, rows, y);

    /// <inheritdoc/>
    public virtual void SwiGlu(Matrix gate, Matrix up, int cols, ReadOnlySpan<int> rows) => Inner.SwiGlu(gate, up, cols, rows);

    /// <inheritdoc/>
    public virtual void MoveKv(KvStore kv, int fromSlot, int toSlot) => Inner.MoveKv(kv, fromSlot, toSlot);

    /// <inheritdoc/>
    public virtual void CopyRows(Matrix from, ReadOnlySpan<int> fromRows, Matrix to, ReadOnlySpan<int> toRows) => Inner.CopyRows(from, fromRows, to, toRows);

    /// <inheritdoc/>
    public virtual void Read(Matrix x, int cols, ReadOnlySpan<int> rows, Span<float> destination) => Inner.Read(x, cols, rows, destination);

    /// <inheritdoc/>
    public virtual void Write(Matrix x, int cols, ReadOnlySpan<int> rows, ReadOnlySpan<float> source) => Inner.Write(x, cols, rows, source);

    /// <inheritdoc/>
    public virtual void TopK(Matrix x, int cols, ReadOnlySpan<int> rows, int count, Span<int> ids, Span<float> values, Span<float> logSumExp) =>
        Inner.TopK(x, cols, rows, count, ids, values, logSumExp);

    /// <inheritdoc/>
    public virtual void ReadKv(KvStore kv, int layer, int slot, Span<float> keys, Span<float> values) => Inner.ReadKv(kv, layer, slot, keys, values);

    /// <inheritdoc/>
    public void Dispose()
    {
        Inner.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Reads one row, [cols].</summary>
    protected float[] ReadRow(Matrix x, int cols, int row)
    {
        float[] values = new float[cols];
        Inner.Read(x, cols, [row], values);
        return values;
    }
}
