using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary><see cref="IBackend.Embed"/>.</summary>
public sealed record EmbedCase(DType Format, int Rows, int Dim, int Seed) : OperationCase(Rows, Seed)
{
    private const int Vocabulary = 11;

    /// <inheritdoc/>
    public override float[][] Execute(IBackend backend, Arrangement arrangement)
    {
        var random = new CaseRandom(Seed);
        using Weight table = backend.Upload("table", RandomWeights.Make(random, Format, Vocabulary, Dim));
        int[] tokens = arrangement.Spread([.. Enumerable.Range(0, Rows).Select(_ => random.Below(Vocabulary))], 0);
        using Matrix y = arrangement.Fill(backend, Dim);
        foreach (int[] call in arrangement.Calls) backend.Embed(table, tokens, arrangement.RowsOf(call), y);
        return arrangement.Collect(backend, y, Dim);
    }

    /// <inheritdoc/>
    public override string? RefusedBy(IBackend backend) => RandomWeights.RefusedBy(backend, Format, Dim);
}

/// <summary><see cref="IBackend.RmsNorm"/>, in place, into another matrix, or into other rows.</summary>
public sealed record RmsNormCase(int Rows, int Dim, bool OtherRows, int Seed) : OperationCase(Rows, Seed)
{
    /// <inheritdoc/>
    public override float[][] Execute(IBackend backend, Arrangement arrangement)
    {
        var random = new CaseRandom(Seed);
        using Weight gain = backend.Upload("gain", RandomWeights.Make(random, DType.F32, 1, Dim));
        using Matrix x = arrangement.Fill(backend, Dim, SomeRows(random, Rows, Dim));
        using Matrix y = arrangement.Fill(backend, Dim);
        foreach (int[] call in arrangement.Calls)
        {
            // Row r of the case goes to the place of row Rows − 1 − r, and is read back from there.
            int[] to = [.. call.Select(r => arrangement.Places[Rows - 1 - r])];
            backend.RmsNorm(x, gain, 1e-5f, arrangement.RowsOf(call), y, OtherRows ? to : default(ReadOnlySpan<int>));
        }
        float[][] result = arrangement.Collect(backend, y, Dim);
        if (OtherRows) Array.Reverse(result);
        return result;
    }

    /// <inheritdoc/>
    public override IEnumerable<OperationCase> Smaller() => FewerRows().Concat(Smaller(Dim, 1).Select(d => this with { Dim = d }));
}

/// <summary><see cref="IBackend.RmsNormHeads"/>.</summary>
public sealed record RmsNormHeadsCase(int Rows, int Heads, int HeadDim, int Seed) : OperationCase(Rows, Seed)
{
    /// <inheritdoc/>
    public override float[][] Execute(IBackend backend, Arrangement arrangement)
    {
        var random = new CaseRandom(Seed);
        using Weight gain = backend.Upload("gain", RandomWeights.Make(random, DType.F32, 1, HeadDim));
        using Matrix x = arrangement.Fill(backend, Heads * HeadDim, SomeRows(random, Rows, Heads * HeadDim));
        foreach (int[] call in arrangement.Calls) backend.RmsNormHeads(x, HeadDim, gain, 1e-6f, arrangement.RowsOf(call));
        return arrangement.Collect(backend, x, Heads * HeadDim);
    }

    /// <inheritdoc/>
    public override IEnumerable<OperationCase> Smaller() => FewerRows().Concat(Smaller(Heads, 1).Select(h => this with { Heads = h }));
}

/// <summary><see cref="IBackend.Rope"/> over the first columns of a wider matrix.</summary>
public sealed record RopeCase(int Rows, int Heads, int HeadDim, int Seed) : OperationCase(Rows, Seed)
{
    private const int Positions = 23, Spare = 3;

    /// <inheritdoc/>
    public override float[][] Execute(IBackend backend, Arrangement arrangement)
    {
        var random = new CaseRandom(Seed);
        int cols = Heads * HeadDim;
        (float[] cosines, float[] sines) = Angles(random);
        using RopeTable table = backend.UploadRope(HeadDim, cosines, sines);
        int[] positions = arrangement.Spread([.. Enumerable.Range(0, Rows).Select(_ => random.Below(Positions))], 0);
        float[][] rows = [.. SomeRows(random, Rows, cols).Select(row => (float[])[.. row, .. Enumerable.Repeat(Arrangement.Untouched, Spare)])];
        using Matrix x = arrangement.Fill(backend, cols + Spare, rows);
        foreach (int[] call in arrangement.Calls) backend.Rope(x, cols, table, positions, arrangement.RowsOf(call));
        return arrangement.Collect(backend, x, cols);
    }

    /// <inheritdoc/>
    public override IEnumerable<OperationCase> Smaller() => FewerRows().Concat(Smaller(Heads, 1).Select(h => this with { Heads = h }));

    private (float[] Cosines, float[] Sines) Angles(CaseRandom random)
    {
        float[] cosines = new float[Positions * HeadDim / 2], sines = new float[cosines.Length];
        for (int i = 0; i < cosines.Length; i++)
        {
            (double sin, double cos) = CanonicalMath.SinCos(random.Normal() * 3);
            (cosines[i], sines[i]) = ((float)cos, (float)sin);
        }
        return (cosines, sines);
    }
}

/// <summary><see cref="IBackend.SwiGlu"/> over the first columns.</summary>
public sealed record SwiGluCase(int Rows, int Cols, int Spare, int Seed) : OperationCase(Rows, Seed)
{
    /// <inheritdoc/>
    public override float[][] Execute(IBackend backend, Arrangement arrangement)
    {
        var random = new CaseRandom(Seed);
        float[][] gates = [.. Enumerable.Range(0, Rows).Select(_ => (float[])[.. random.Normals(Cols, 6), .. Enumerable.Repeat(Arrangement.Untouched, Spare)])];
        using Matrix gate = arrangement.Fill(backend, Cols + Spare, gates);
        using Matrix up = arrangement.Fill(backend, Cols, SomeRows(random, Rows, Cols));
        foreach (int[] call in arrangement.Calls) backend.SwiGlu(gate, up, Cols, arrangement.RowsOf(call));
        return arrangement.Collect(backend, gate, Cols);
    }

    /// <inheritdoc/>
    public override IEnumerable<OperationCase> Smaller() => FewerRows().Concat(Smaller(Cols, 1).Select(c => this with { Cols = c }));
}

/// <summary><see cref="IBackend.TopK"/>: a row's result is its ids, its values and its log-sum.</summary>
/// <param name="Levels">Different values in a row; few of them make ties.</param>
public sealed record TopKCase(int Rows, int Cols, int Count, int Levels, int Seed) : OperationCase(Rows, Seed)
{
    /// <inheritdoc/>
    public override float[][] Execute(IBackend backend, Arrangement arrangement)
    {
        var random = new CaseRandom(Seed);
        float[][] rows = [.. Enumerable.Range(0, Rows).Select(_ => random.Normals(Cols, 4).Select(v => Levels == 0 ? v : MathF.Round(v * Levels) / Levels).ToArray())];
        if (random.Below(5) == 0) rows[random.Below(Rows)][random.Below(Cols)] = float.NaN;
        using Matrix x = arrangement.Fill(backend, Cols, rows);
        float[][] result = new float[Rows][];
        foreach (int[] call in arrangement.Calls)
        {
            int[] ids = new int[call.Length * Count];
            float[] values = new float[ids.Length], sums = new float[call.Length];
            backend.TopK(x, Cols, arrangement.RowsOf(call), Count, ids, values, sums);
            for (int i = 0; i < call.Length; i++)
                result[call[i]] = [.. ids.Skip(i * Count).Take(Count).Select(id => (float)id), .. values.Skip(i * Count).Take(Count), sums[i]];
        }
        return result;
    }

    /// <inheritdoc/>
    public override IEnumerable<OperationCase> Smaller() =>
        FewerRows().Concat(Smaller(Count, 1).Select(c => this with { Count = c })).Concat(Smaller(Cols, Count).Select(c => this with { Cols = c }));
}

/// <summary><see cref="IBackend.CopyRows"/> between two matrices.</summary>
public sealed record CopyRowsCase(int Rows, int Cols, int Seed) : OperationCase(Rows, Seed)
{
    /// <inheritdoc/>
    public override float[][] Execute(IBackend backend, Arrangement arrangement)
    {
        var random = new CaseRandom(Seed);
        using Matrix from = backend.Allocate(Rows, Cols);
        backend.Write(from, Cols, [.. Enumerable.Range(0, Rows)], random.Normals(Rows * Cols));
        using Matrix to = arrangement.Fill(backend, Cols);
        foreach (int[] call in arrangement.Calls) backend.CopyRows(from, call, to, arrangement.RowsOf(call));
        return arrangement.Collect(backend, to, Cols);
    }
}
