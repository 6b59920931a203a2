using Switchyard.Backends.Cpu.Work;
using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public void Embed(Weight table, ReadOnlySpan<int> tokens, ReadOnlySpan<int> rows, Matrix y)
    {
        CpuWeight weight = Own(table);
        CpuMatrix to = Own(y);
        CheckCols("Embed", y, weight.InDim);
        CheckRows("Embed", rows, y);
        CheckIndexed("Embed", "token", tokens, rows, weight.OutDim);
        fixed (int* indices = rows, ids = tokens)
            Run(new EmbedWork { Table = weight, Y = to, Rows = indices, Tokens = ids }, rows.Length, 16L * rows.Length * weight.InDim);
    }

    /// <inheritdoc/>
    public void RmsNorm(Matrix x, Weight gain, float eps, ReadOnlySpan<int> rows, Matrix y, ReadOnlySpan<int> outRows = default)
    {
        (CpuMatrix from, CpuMatrix to, CpuWeight g) = (Own(x), Own(y), Own(gain));
        if (outRows.IsEmpty) outRows = rows;
        if (outRows.Length != rows.Length) throw new ShapeException($"RmsNorm: {rows.Length} rows go to {outRows.Length} rows.");
        CheckGain("RmsNorm", g, g.InDim);
        CheckCols("RmsNorm", x, g.InDim);
        CheckCols("RmsNorm", y, g.InDim);
        CheckRows("RmsNorm", rows, x);
        CheckRows("RmsNorm", outRows, y);
        fixed (int* indices = rows, outIndices = outRows)
        {
            RmsNormWork work = new()
            {
                Kernels = _kernels, X = from, Y = to, Rows = indices, OutRows = outIndices, Gain = g.Vector, Eps = eps, Elements = g.InDim, Groups = 1,
            };
            Run(work, rows.Length, 4L * rows.Length * g.InDim);
        }
    }

    /// <inheritdoc/>
    public void RmsNormHeads(Matrix x, int headDim, Weight gain, float eps, ReadOnlySpan<int> rows)
    {
        (CpuMatrix both, CpuWeight g) = (Own(x), Own(gain));
        CheckGain("RmsNormHeads", g, headDim);
        if (x.Cols % headDim != 0) throw new ShapeException($"RmsNormHeads: {x.Cols} columns are not whole heads of {headDim}.");
        CheckRows("RmsNormHeads", rows, x);
        fixed (int* indices = rows)
        {
            RmsNormWork work = new()
            {
                Kernels = _kernels, X = both, Y = both, Rows = indices, OutRows = indices, Gain = g.Vector, Eps = eps, Elements = headDim, Groups = x.Cols / headDim,
            };
            Run(work, rows.Length, 4L * rows.Length * x.Cols);
        }
    }

    /// <inheritdoc/>
    public void Rope(Matrix x, int cols, RopeTable table, ReadOnlySpan<int> positions, ReadOnlySpan<int> rows)
    {
        (CpuMatrix both, CpuRopeTable turns) = (Own(x), Own(table));
        CheckCols("Rope", x, cols);
        if (cols % table.HeadDim != 0) throw new ShapeException($"Rope: {cols} columns are not whole heads of {table.HeadDim}.");
        CheckRows("Rope", rows, x);
        CheckIndexed("Rope", "position", positions, rows, table.Positions);
        fixed (int* indices = rows, at = positions)
        {
            RopeWork work = new() { Kernels = _kernels, X = both, Table = turns, Rows = indices, Positions = at, Heads = cols / table.HeadDim };
            Run(work, rows.Length, 4L * rows.Length * cols);
        }
    }

    /// <inheritdoc/>
    public void SwiGlu(Matrix gate, Matrix up, int cols, ReadOnlySpan<int> rows)
    {
        (CpuMatrix g, CpuMatrix u) = (Own(gate), Own(up));
        CheckCols("SwiGlu", gate, cols);
        CheckCols("SwiGlu", up, cols);
        CheckRows("SwiGlu", rows, gate);
        CheckRows("SwiGlu", rows, up);
        int pieces = (cols + SwiGluWork.Piece - 1) / SwiGluWork.Piece;
        fixed (int* indices = rows)
        {
            SwiGluWork work = new() { Kernels = _kernels, Gate = g, Up = u, Rows = indices, Cols = cols, Pieces = pieces };
            Run(work, rows.Length * pieces, 8L * rows.Length * cols);
        }
    }

    /// <inheritdoc/>
    public void CopyRows(Matrix from, ReadOnlySpan<int> fromRows, Matrix to, ReadOnlySpan<int> toRows)
    {
        (CpuMatrix source, CpuMatrix target) = (Own(from), Own(to));
        if (fromRows.Length != toRows.Length || from.Cols != to.Cols)
            throw new ShapeException($"CopyRows: {fromRows.Length} rows of {from.Cols} go to {toRows.Length} rows of {to.Cols}.");
        CheckRows("CopyRows", fromRows, from);
        CheckRows("CopyRows", toRows, to);
        for (int i = 0; i < fromRows.Length; i++)
            new ReadOnlySpan<float>(source.Row(fromRows[i]), from.Cols).CopyTo(new Span<float>(target.Row(toRows[i]), to.Cols));
        Counters.ActivationBytesCopied += 4L * fromRows.Length * from.Cols;
    }

    /// <inheritdoc/>
    public void Read(Matrix x, int cols, ReadOnlySpan<int> rows, Span<float> destination)
    {
        CpuMatrix from = Own(x);
        CheckCols("Read", x, cols);
        CheckRows("Read", rows, x);
        CheckLength("Read", destination.Length, rows.Length, cols);
        for (int i = 0; i < rows.Length; i++) new ReadOnlySpan<float>(from.Row(rows[i]), cols).CopyTo(destination.Slice(i * cols, cols));
    }

    /// <inheritdoc/>
    public void Write(Matrix x, int cols, ReadOnlySpan<int> rows, ReadOnlySpan<float> source)
    {
        CpuMatrix to = Own(x);
        CheckCols("Write", x, cols);
        CheckRows("Write", rows, x);
        CheckLength("Write", source.Length, rows.Length, cols);
        for (int i = 0; i < rows.Length; i++) source.Slice(i * cols, cols).CopyTo(new Span<float>(to.Row(rows[i]), cols));
    }

    /// <inheritdoc/>
    public void TopK(Matrix x, int cols, ReadOnlySpan<int> rows, int count, Span<int> ids, Span<float> values, Span<float> logSumExp)
    {
        CpuMatrix from = Own(x);
        CheckCols("TopK", x, cols);
        CheckRows("TopK", rows, x);
        if (count < 1 || count > cols) throw new ShapeException($"TopK: {count} of {cols} values are asked for.");
        CheckLength("TopK", ids.Length, rows.Length, count);
        CheckLength("TopK", values.Length, rows.Length, count);
        CheckLength("TopK", logSumExp.Length, rows.Length, 1);
        fixed (int* indices = rows, toIds = ids)
        fixed (float* toValues = values, toSums = logSumExp)
        {
            TopKWork work = new() { Kernels = _kernels, X = from, Rows = indices, Cols = cols, Count = count, Ids = toIds, Values = toValues, LogSumExp = toSums };
            Run(work, rows.Length, 8L * rows.Length * cols);
        }
    }

    private static void CheckGain(string operation, CpuWeight gain, int elements)
    {
        if (gain.OutDim != 1 || gain.InDim != elements)
            throw new ShapeException($"{operation}: gain {gain.Name} is [{gain.OutDim}, {gain.InDim}]; it must be [1, {elements}].");
    }

    private static void CheckLength(string operation, int given, int rows, int cols)
    {
        if (given != rows * cols) throw new ShapeException($"{operation}: a buffer of {given} is given; [{rows}, {cols}] need {rows * cols}.");
    }
}
