using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary><see cref="IBackend.Attend"/> over trees of rows that branch off committed contexts in scattered pages.</summary>
/// <param name="Rows">Rows over all sequences; each hangs below an earlier row of its sequence, or below the context.</param>
/// <param name="Sequences">Sequences that share the store.</param>
/// <param name="Context">Committed tokens of the first sequence; each further one has five more.</param>
/// <param name="Branching">0 for chains, otherwise rows choose their parents by chance and slots have gaps.</param>
/// <param name="Shape">Heads and window; the scale is always 1/√HeadDim.</param>
/// <param name="CacheType">F32 or F16.</param>
/// <param name="MixedSources">Whether some slots are absent, zero, or stand in from another layer.</param>
/// <param name="Seed">Of everything else.</param>
public sealed record AttendCase(
    int Rows, int Sequences, int Context, int Branching, AttentionShape Shape, DType CacheType, bool MixedSources, int Seed)
    : OperationCase(Rows, Seed)
{
    /// <summary>Exponentials and long sums; scores of a few units.</summary>
    public override double Tolerance => 1e-4;

    /// <inheritdoc/>
    public override float[][] Execute(IBackend backend, Arrangement arrangement) => Run(backend, arrangement, AttendLayout.Trees(this));

    /// <summary>The same rows, each as the last of a sequence of its own without any branch.</summary>
    public float[][] ExecuteUnbranched(IBackend backend, Arrangement arrangement) => Run(backend, arrangement, AttendLayout.Unbranched(this));

    /// <inheritdoc/>
    public override string? RefusedBy(IBackend backend)
    {
        if (CacheType == DType.F32) return null;
        try
        {
            backend.AllocateKv(new KvShape(1, 1, 1, 2, CacheType)).Dispose();
            return null;
        }
        catch (Exception e) when (e is NotSupportedException or ShapeException)
        {
            return $"{backend.Name} has no {CacheType} cache";
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<OperationCase> Smaller()
    {
        foreach (OperationCase fewer in FewerRows()) yield return fewer;
        foreach (int n in Smaller(Context, 0)) yield return this with { Context = n };
        foreach (int n in Smaller(Sequences, 1)) yield return this with { Sequences = n };
        if (Branching > 0) yield return this with { Branching = 0 };
        if (MixedSources) yield return this with { MixedSources = false };
        if (Shape.Heads > 1) yield return this with { Shape = Shape with { Heads = 1, KvHeads = 1 } };
        if (Shape.Window > 0) yield return this with { Shape = Shape with { Window = 0 } };
        if (CacheType != DType.F32) yield return this with { CacheType = DType.F32 };
    }

    private float[][] Run(IBackend backend, Arrangement arrangement, AttendLayout layout)
    {
        int width = Shape.Heads * Shape.HeadDim;
        var random = new CaseRandom(Seed ^ 0x5157);
        using KvStore store = layout.Store(backend);
        using Matrix q = arrangement.Fill(backend, width, [.. Enumerable.Range(0, Rows).Select(r => random.Normals(width, r % 3 == 0 ? 4 : 1))]);
        using Matrix y = arrangement.Fill(backend, width);
        AttentionPlan plan = layout.Plan(arrangement);
        foreach (int[] call in arrangement.Calls)
            backend.Attend(q, Shape, store, AttendLayout.Layer, plan, arrangement.RowsOf(call), y);
        return arrangement.Collect(backend, y, width);
    }
}
