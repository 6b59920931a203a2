namespace Switchyard.Tensor;

/// <summary>The operations a decoder-only transformer needs, on one device.</summary>
/// <remarks>
/// <para><b>Rows.</b> Every operation takes a list of row indices and touches only those rows. A batch is a list of indices,
/// never a copy, so regrouping requests between layers moves no activations (DREX, arXiv:2512.15705).</para>
/// <para><b>Row invariance.</b> The bits written to a row are a function of that row's inputs alone. They do not depend on
/// how many rows share the call, on their order, on where the row lies in memory, on the thread count, or on timing.</para>
/// <para><b>Canonical sums.</b> A matrix product is, for every (row, output), one chain of fused multiply-adds over ascending k,
/// or over ascending blocks for block formats (<c>acc = fma((float)exact integer sum, dw·dx, acc)</c>). Sums along a row (norms,
/// softmax) are sixteen partial sums by index mod 16, then the fixed tree of <see cref="CanonicalMath.SumLanes"/>. Attention runs over
/// tiles of sixteen absolute positions, the running maximum rescaled once per tile; exponentials are
/// <see cref="CanonicalMath.Exp(float)"/>. So bits agree between instruction sets and devices. docs/numerics.md defines every operation.</para>
/// <para><b>Asynchrony.</b> Operations may be queued, in order. Only the reads wait.</para>
/// <para><b>Threads.</b> One caller at a time. Handles of another backend are refused with <see cref="ArgumentException"/>.</para>
/// </remarks>
public interface IBackend : IDisposable
{
    /// <summary>Short device name for logs and tables, such as <c>cpu-avx512</c>.</summary>
    string Name { get; }

    /// <summary>Worker threads, 1 for devices that have none.</summary>
    int Threads { get; }

    /// <summary>What has been moved and is held.</summary>
    BackendCounters Counters { get; }

    /// <summary>Allocates a zeroed matrix [rows, cols].</summary>
    Matrix Allocate(int rows, int cols);

    /// <summary>
    /// Brings a tensor into the backend's memory and layout. Takes ownership: <paramref name="data"/> is disposed as soon as it
    /// has been read, also when this throws.
    /// </summary>
    /// <param name="name">The tensor's name, for messages.</param>
    /// <param name="data">Shape [out, in]. A format without a kernel of its own is converted; the handle's DType says to what.</param>
    Weight Upload(string name, TensorData data);

    /// <summary>Brings rotations into the backend's memory. Both spans are [positions, headDim / 2].</summary>
    RopeTable UploadRope(int headDim, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines);

    /// <summary>Allocates key and value planes; every slot starts absent.</summary>
    KvStore AllocateKv(KvShape shape);

    /// <summary>y[r] = table[tokens[r]] for each row r of <paramref name="rows"/>; <paramref name="tokens"/> is indexed by row.</summary>
    void Embed(Weight table, ReadOnlySpan<int> tokens, ReadOnlySpan<int> rows, Matrix y);

    /// <summary>
    /// y[outRows[i]] = gain ⊙ x[rows[i]] / √(mean(x²) + eps). An empty <paramref name="outRows"/> means <paramref name="rows"/>.
    /// </summary>
    void RmsNorm(Matrix x, Weight gain, float eps, ReadOnlySpan<int> rows, Matrix y, ReadOnlySpan<int> outRows = default);

    /// <summary>Normalises every head of x[r] in place with one gain [headDim] (Qwen3's query and key norms).</summary>
    void RmsNormHeads(Matrix x, int headDim, Weight gain, float eps, ReadOnlySpan<int> rows);

    /// <summary>
    /// y[r] = W·x[r] + b for every projection, all of which share the reading of x; y[r] += W·x[r] + b when
    /// <paramref name="accumulate"/> (the residual stream).
    /// </summary>
    void MatMul(Matrix x, ReadOnlySpan<Projection> projections, ReadOnlySpan<int> rows, bool accumulate = false);

    /// <summary>Turns each head of x[r], heads from column 0 to <paramref name="cols"/>, to position positions[r] (indexed by row).</summary>
    void Rope(Matrix x, int cols, RopeTable table, ReadOnlySpan<int> positions, ReadOnlySpan<int> rows);

    /// <summary>Writes k[r] and v[r] to store slot slots[r] (indexed by row) of one layer and makes the layer their source.</summary>
    void StoreKv(KvStore kv, int layer, Matrix k, Matrix v, ReadOnlySpan<int> slots, ReadOnlySpan<int> rows);

    /// <summary>y[r] = softmax(scale · q[r]·Kᵀ)·V over what <paramref name="plan"/> lets r see, in ascending position.</summary>
    void Attend(Matrix q, AttentionShape shape, KvStore kv, int layer, AttentionPlan plan, ReadOnlySpan<int> rows, Matrix y);

    /// <summary>gate[r] = silu(gate[r]) ⊙ up[r] over the first <paramref name="cols"/> columns.</summary>
    void SwiGlu(Matrix gate, Matrix up, int cols, ReadOnlySpan<int> rows);

    /// <summary>Copies one store slot to another in every layer, sources included: the accepted-path gather after tree verification.</summary>
    void MoveKv(KvStore kv, int fromSlot, int toSlot);

    /// <summary>to[toRows[i]] = from[fromRows[i]]: records hidden states for drafters and heads.</summary>
    void CopyRows(Matrix from, ReadOnlySpan<int> fromRows, Matrix to, ReadOnlySpan<int> toRows);

    /// <summary>Copies the first <paramref name="cols"/> columns of each row to the host, [rows, cols]. Waits for queued work.</summary>
    void Read(Matrix x, int cols, ReadOnlySpan<int> rows, Span<float> destination);

    /// <summary>Copies host values [rows, cols] into the first <paramref name="cols"/> columns of each row.</summary>
    void Write(Matrix x, int cols, ReadOnlySpan<int> rows, ReadOnlySpan<float> source);

    /// <summary>
    /// The <paramref name="count"/> largest of each row's first <paramref name="cols"/> values, descending, ties by lower index, and
    /// log Σ exp of the row, so that a policy needs no logits on the host. A row with a NaN gives id −1 first. Waits.
    /// </summary>
    /// <param name="x">Usually logits.</param>
    /// <param name="cols">Columns that count.</param>
    /// <param name="rows">Rows of <paramref name="x"/>.</param>
    /// <param name="count">How many, at most <paramref name="cols"/>.</param>
    /// <param name="ids">Shape [rows, count].</param>
    /// <param name="values">Shape [rows, count].</param>
    /// <param name="logSumExp">Shape [rows].</param>
    void TopK(Matrix x, int cols, ReadOnlySpan<int> rows, int count, Span<int> ids, Span<float> values, Span<float> logSumExp);

    /// <summary>Copies the keys and values of one store slot at one layer, own plane, [kvDim] each, to the host. Waits.</summary>
    void ReadKv(KvStore kv, int layer, int slot, Span<float> keys, Span<float> values);
}
