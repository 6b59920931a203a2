using Switchyard.Tensor;

namespace Switchyard.Properties.Faults;

/// <summary>Sums in two halves as soon as several rows share a call.</summary>
internal sealed class SumDependsOnRowCount(IBackend inner) : BackendDecorator(inner)
{
    public override void MatMul(Matrix x, ReadOnlySpan<Projection> projections, ReadOnlySpan<int> rows, bool accumulate = false)
    {
        if (rows.Length < 2 || x.Cols < 2)
        {
            base.MatMul(x, projections, rows, accumulate);
            return;
        }
        int half = x.Cols / 2;
        using Matrix left = Inner.Allocate(x.Rows, x.Cols), right = Inner.Allocate(x.Rows, x.Cols);
        foreach (int row in rows)
        {
            float[] values = ReadRow(x, x.Cols, row);
            Inner.Write(left, x.Cols, [row], [.. values[..half], .. new float[x.Cols - half]]);
            Inner.Write(right, x.Cols, [row], [.. new float[half], .. values[half..]]);
        }
        foreach (Projection projection in projections)
        {
            base.MatMul(left, [projection], rows, accumulate);
            base.MatMul(right, [projection with { Bias = null }], rows, accumulate: true);
        }
    }
}

/// <summary>Leaves biases out where products are accumulated.</summary>
internal sealed class BiasForgottenWhenAccumulating(IBackend inner) : BackendDecorator(inner)
{
    public override void MatMul(Matrix x, ReadOnlySpan<Projection> projections, ReadOnlySpan<int> rows, bool accumulate = false)
    {
        foreach (Projection projection in projections) base.MatMul(x, [accumulate ? projection with { Bias = null } : projection], rows, accumulate);
    }
}

/// <summary>Takes every third input of a product one ulp too large, as a format read slightly wrong would.</summary>
internal sealed class InputsRoundedUp(IBackend inner) : BackendDecorator(inner)
{
    public override void MatMul(Matrix x, ReadOnlySpan<Projection> projections, ReadOnlySpan<int> rows, bool accumulate = false)
    {
        using Matrix wrong = Inner.Allocate(x.Rows, x.Cols);
        foreach (int row in rows)
            Inner.Write(wrong, x.Cols, [row], [.. ReadRow(x, x.Cols, row).Select((v, i) => i % 3 == 0 ? MathF.BitIncrement(v) : v)]);
        base.MatMul(wrong, projections, rows, accumulate);
    }
}

/// <summary>Looks tokens up by place in the list of rows instead of by row.</summary>
internal sealed class TokensByListIndex(IBackend inner) : BackendDecorator(inner)
{
    public override void Embed(Weight table, ReadOnlySpan<int> tokens, ReadOnlySpan<int> rows, Matrix y)
    {
        int[] wrong = tokens.ToArray();
        for (int i = 0; i < rows.Length; i++) wrong[rows[i]] = tokens[i];
        base.Embed(table, wrong, rows, y);
    }
}

/// <summary>Writes norms to the rows they were read from.</summary>
internal sealed class NormIgnoresOutRows(IBackend inner) : BackendDecorator(inner)
{
    public override void RmsNorm(Matrix x, Weight gain, float eps, ReadOnlySpan<int> rows, Matrix y, ReadOnlySpan<int> outRows = default) =>
        base.RmsNorm(x, gain, eps, rows, y);
}

/// <summary>Normalises the first head of a row and leaves the others.</summary>
internal sealed class NormsOnlyFirstHead(IBackend inner) : BackendDecorator(inner)
{
    public override void RmsNormHeads(Matrix x, int headDim, Weight gain, float eps, ReadOnlySpan<int> rows)
    {
        foreach (int row in rows)
        {
            float[] before = ReadRow(x, x.Cols, row);
            base.RmsNormHeads(x, headDim, gain, eps, [row]);
            Inner.Write(x, x.Cols, [row], [.. ReadRow(x, headDim, row), .. before[headDim..]]);
        }
    }
}

/// <summary>Numbers positions by the rows of the call: what a position taken from a slot comes to in a tree.</summary>
internal sealed class PositionFromSlot(IBackend inner) : BackendDecorator(inner)
{
    public override void Rope(Matrix x, int cols, RopeTable table, ReadOnlySpan<int> positions, ReadOnlySpan<int> rows)
    {
        int[] wrong = positions.ToArray();
        for (int i = 1; i < rows.Length; i++) wrong[rows[i]] = Math.Min(table.Positions - 1, positions[rows[0]] + i);
        base.Rope(x, cols, table, wrong, rows);
    }
}

/// <summary>Uses the platform's exponential, whose last bits differ from machine to machine.</summary>
internal sealed class LibraryExponential(IBackend inner) : BackendDecorator(inner)
{
    public override void SwiGlu(Matrix gate, Matrix up, int cols, ReadOnlySpan<int> rows)
    {
        foreach (int row in rows)
        {
            float[] g = ReadRow(gate, cols, row), u = ReadRow(up, cols, row);
            Inner.Write(gate, cols, [row], [.. g.Select((v, i) => v / (1f + MathF.Exp(-v)) * u[i])]);
        }
    }
}

/// <summary>Prefers the higher of two indices with the same value.</summary>
internal sealed class TiesToHigherIndex(IBackend inner) : BackendDecorator(inner)
{
    public override void TopK(Matrix x, int cols, ReadOnlySpan<int> rows, int count, Span<int> ids, Span<float> values, Span<float> logSumExp)
    {
        base.TopK(x, cols, rows, count, ids, values, logSumExp);
        for (int i = 0; i < rows.Length; i++)
        {
            float[] row = ReadRow(x, cols, rows[i]);
            if (row.Any(float.IsNaN)) continue;
            int[] order = [.. Enumerable.Range(0, cols).OrderByDescending(id => row[id]).ThenByDescending(id => id)];
            order.AsSpan(0, count).CopyTo(ids.Slice(i * count, count));
        }
    }
}

/// <summary>Copies rows to where they came from.</summary>
internal sealed class CopiesToSameRow(IBackend inner) : BackendDecorator(inner)
{
    public override void CopyRows(Matrix from, ReadOnlySpan<int> fromRows, Matrix to, ReadOnlySpan<int> toRows) => base.CopyRows(from, fromRows, to, fromRows);
}

/// <summary>Leaves out the last row of every odd call: the forgotten tail of an unrolled loop.</summary>
internal sealed class UnrolledTailForgotten(IBackend inner) : BackendDecorator(inner)
{
    public override void Embed(Weight table, ReadOnlySpan<int> tokens, ReadOnlySpan<int> rows, Matrix y) => base.Embed(table, tokens, Even(rows), y);

    public override void RmsNorm(Matrix x, Weight gain, float eps, ReadOnlySpan<int> rows, Matrix y, ReadOnlySpan<int> outRows = default) =>
        base.RmsNorm(x, gain, eps, Even(rows), y, Even(outRows));

    public override void RmsNormHeads(Matrix x, int headDim, Weight gain, float eps, ReadOnlySpan<int> rows) =>
        base.RmsNormHeads(x, headDim, gain, eps, Even(rows));

    public override void MatMul(Matrix x, ReadOnlySpan<Projection> projections, ReadOnlySpan<int> rows, bool accumulate = false) =>
        base.MatMul(x, projections, Even(rows), accumulate);

    public override void Rope(Matrix x, int cols, RopeTable table, ReadOnlySpan<int> positions, ReadOnlySpan<int> rows) =>
        base.Rope(x, cols, table, positions, Even(rows));

    public override void Attend(Matrix q, AttentionShape shape, KvStore kv, int layer, AttentionPlan plan, ReadOnlySpan<int> rows, Matrix y) =>
        base.Attend(q, shape, kv, layer, plan, Even(rows), y);

    public override void SwiGlu(Matrix gate, Matrix up, int cols, ReadOnlySpan<int> rows) => base.SwiGlu(gate, up, cols, Even(rows));

    public override void CopyRows(Matrix from, ReadOnlySpan<int> fromRows, Matrix to, ReadOnlySpan<int> toRows) =>
        base.CopyRows(from, Even(fromRows), to, Even(toRows));

    public override void TopK(Matrix x, int cols, ReadOnlySpan<int> rows, int count, Span<int> ids, Span<float> values, Span<float> logSumExp) =>
        base.TopK(x, cols, Even(rows), count, ids, values, logSumExp);

    private static ReadOnlySpan<int> Even(ReadOnlySpan<int> rows) => rows.Length > 1 && rows.Length % 2 == 1 ? rows[..^1] : rows;
}
