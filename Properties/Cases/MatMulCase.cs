using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary><see cref="IBackend.MatMul"/> with one to three projections that share their input.</summary>
/// <param name="Format">Of the weights.</param>
/// <param name="Rows">Rows of x.</param>
/// <param name="InDim">Whole blocks of <paramref name="Format"/>.</param>
/// <param name="OutDims">Outputs of each projection.</param>
/// <param name="Bias">Whether each projection has one.</param>
/// <param name="Accumulate">Whether products are added to what is there.</param>
/// <param name="Poison">Whether one row holds a NaN and one an infinity, which must stay with their rows.</param>
/// <param name="Seed">Of every number.</param>
public sealed record MatMulCase(DType Format, int Rows, int InDim, int[] OutDims, bool Bias, bool Accumulate, bool Poison, int Seed)
    : OperationCase(Rows, Seed)
{
    /// <summary>Block formats round activations to a byte: half a step of the largest of 32, for each product of the sum.</summary>
    public override double Tolerance => Format.IsBlockFormat() ? 0.05 * Math.Sqrt(InDim / 32.0) : base.Tolerance;

    /// <inheritdoc/>
    public override float[][] Execute(IBackend backend, Arrangement arrangement)
    {
        var random = new CaseRandom(Seed);
        using Matrix x = arrangement.Fill(backend, InDim, Inputs(random));
        var projections = new List<Projection>();
        try
        {
            foreach (int outDim in OutDims)
            {
                Weight w = backend.Upload("w", RandomWeights.Make(random, Format, outDim, InDim));
                Weight? bias = Bias ? backend.Upload("b", RandomWeights.Make(random, DType.F32, 1, outDim)) : null;
                float[][]? before = Accumulate ? SomeRows(random, Rows, outDim) : null;
                projections.Add(new(w, arrangement.Fill(backend, outDim + 1, before?.Select(r => (float[])[.. r, Arrangement.Untouched]).ToArray()), bias));
            }
            foreach (int[] call in arrangement.Calls) backend.MatMul(x, projections.ToArray(), arrangement.RowsOf(call), Accumulate);
            float[][][] outputs = [.. projections.Select((p, i) => arrangement.Collect(backend, p.Output, OutDims[i]))];
            return [.. Enumerable.Range(0, Rows).Select(r => outputs.SelectMany(o => o[r]).ToArray())];
        }
        finally
        {
            foreach (Projection projection in projections) Free(projection);
        }
    }

    /// <inheritdoc/>
    public override string? RefusedBy(IBackend backend) => RandomWeights.RefusedBy(backend, Format, InDim);

    /// <inheritdoc/>
    public override IEnumerable<OperationCase> Smaller()
    {
        foreach (OperationCase fewer in FewerRows()) yield return fewer;
        if (OutDims.Length > 1) yield return this with { OutDims = [OutDims[^1]] };
        foreach (int n in Smaller(OutDims[0], 1)) yield return this with { OutDims = [n, .. OutDims[1..]] };
        int block = Format.BlockElements();
        foreach (int n in Smaller(InDim / block, 1)) yield return this with { InDim = n * block };
        if (Poison) yield return this with { Poison = false };
        if (Bias) yield return this with { Bias = false };
        if (Accumulate) yield return this with { Accumulate = false };
        if (Format != DType.F32) yield return this with { Format = DType.F32 };
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"MatMul {Format} {Rows} rows, [{InDim}] -> [{string.Join(", ", OutDims)}], bias {Bias}, accumulate {Accumulate}, poison {Poison}, seed {Seed}";

    private float[][] Inputs(CaseRandom random)
    {
        float[][] rows = SomeRows(random, Rows, InDim);
        if (Poison)
        {
            rows[random.Below(Rows)][random.Below(InDim)] = float.NaN;
            rows[random.Below(Rows)][random.Below(InDim)] = float.PositiveInfinity;
        }
        return rows;
    }

    private static void Free(Projection projection)
    {
        projection.Weight.Dispose();
        projection.Bias?.Dispose();
        projection.Output.Dispose();
    }
}
