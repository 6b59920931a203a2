using Switchyard.Tensor;

namespace Switchyard.Properties.Reference;

public sealed partial class ReferenceBackend
{
    /// <inheritdoc/>
    public void Embed(Weight table, ReadOnlySpan<int> tokens, ReadOnlySpan<int> rows, Matrix y)
    {
        Need(table?.InDim == y?.Cols, $"Embed: the table has {table?.InDim} elements an entry, y has {y?.Cols} columns.");
        foreach (int row in rows) Own(table).Row(tokens[row]).CopyTo(Own(y).Row(row));
    }

    /// <inheritdoc/>
    public void RmsNorm(Matrix x, Weight gain, float eps, ReadOnlySpan<int> rows, Matrix y, ReadOnlySpan<int> outRows = default)
    {
        int n = Own(gain).InDim;
        Need(gain.OutDim == 1 && n == x?.Cols && n == y?.Cols, $"RmsNorm: x has {x?.Cols} columns, y {y?.Cols}, the gain is [{gain.OutDim}, {n}].");
        Need(outRows.IsEmpty || outRows.Length == rows.Length, $"RmsNorm: {rows.Length} rows and {outRows.Length} output rows.");
        for (int i = 0; i < rows.Length; i++)
            _arithmetic.Normalise(Own(x).Row(rows[i]), Own(gain).Row(0), eps, Own(y).Row(outRows.IsEmpty ? rows[i] : outRows[i]));
    }

    /// <inheritdoc/>
    public void RmsNormHeads(Matrix x, int headDim, Weight gain, float eps, ReadOnlySpan<int> rows)
    {
        Need(Own(gain).InDim == headDim && Own(x).Cols % headDim == 0, $"RmsNormHeads: {x?.Cols} columns, heads of {headDim}, a gain of {gain?.InDim}.");
        foreach (int row in rows)
        {
            for (int at = 0; at < x!.Cols; at += headDim)
            {
                Span<float> head = Own(x).Row(row).Slice(at, headDim);
                _arithmetic.Normalise(head, Own(gain).Row(0), eps, head);
            }
        }
    }

    /// <inheritdoc/>
    public void MatMul(Matrix x, ReadOnlySpan<Projection> projections, ReadOnlySpan<int> rows, bool accumulate = false)
    {
        foreach (Projection projection in projections)
        {
            (ReferenceWeight w, ReferenceMatrix y) = (Own(projection.Weight), Own(projection.Output));
            Need(x?.Cols == w.InDim, $"MatMul: x is [{x?.Rows}, {x?.Cols}], {w.Name} is [{w.OutDim}, {w.InDim}]; x.Cols must equal w.InDim.");
            Need(y.Cols >= w.OutDim, $"MatMul: {w.Name} has {w.OutDim} outputs, the output matrix {y.Cols} columns.");
            float[] product = new float[w.OutDim];
            foreach (int row in rows)
            {
                _arithmetic.Multiply(w, Own(x).Row(row), product);
                Span<float> output = y.Row(row);
                for (int o = 0; o < w.OutDim; o++)
                {
                    float sum = projection.Bias is { } bias ? product[o] + Own(bias).Row(0)[o] : product[o];
                    output[o] = accumulate ? output[o] + sum : sum;
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Rope(Matrix x, int cols, RopeTable table, ReadOnlySpan<int> positions, ReadOnlySpan<int> rows)
    {
        ReferenceRopeTable angles = Own(table);
        Need(cols <= x?.Cols && cols % angles.HeadDim == 0, $"Rope: {cols} of {x?.Cols} columns are not whole heads of {angles.HeadDim}.");
        foreach (int row in rows)
        {
            int position = positions[row];
            for (int at = 0; at < cols; at += angles.HeadDim)
                _arithmetic.Rotate(Own(x).Row(row).Slice(at, angles.HeadDim), angles.Cosines(position), angles.Sines(position));
        }
    }

    /// <inheritdoc/>
    public void SwiGlu(Matrix gate, Matrix up, int cols, ReadOnlySpan<int> rows)
    {
        foreach (int row in rows)
        {
            Span<float> g = Own(gate).Row(row), u = Own(up).Row(row);
            for (int i = 0; i < cols; i++) g[i] = _arithmetic.SwiGlu(g[i], u[i]);
        }
    }

    /// <inheritdoc/>
    public void TopK(Matrix x, int cols, ReadOnlySpan<int> rows, int count, Span<int> ids, Span<float> values, Span<float> logSumExp)
    {
        Need(count <= cols && cols <= x?.Cols, $"TopK: {count} of {cols} columns of {x?.Cols}.");
        for (int i = 0; i < rows.Length; i++)
        {
            float[] row = Own(x).Row(rows[i])[..cols].ToArray();
            Span<int> best = ids.Slice(i * count, count);
            Span<float> top = values.Slice(i * count, count);
            if (row.Any(float.IsNaN))
            {
                best.Fill(-1);
                top.Fill(float.NaN);
                logSumExp[i] = float.NaN;
                continue;
            }
            int[] order = [.. Enumerable.Range(0, cols).OrderByDescending(id => row[id])]; // stable: ties by lower index
            for (int rank = 0; rank < count; rank++) (best[rank], top[rank]) = (order[rank], row[order[rank]]);
            logSumExp[i] = _arithmetic.LogSumExp(row);
        }
    }
}
