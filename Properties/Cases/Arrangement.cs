using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary>Where the rows of a case lie in memory and which share a call, in which order. No row's bits may depend on it.</summary>
/// <param name="Capacity">Rows of the matrices.</param>
/// <param name="Places">Matrix row of each row of the case.</param>
/// <param name="Calls">Rows of the case, grouped by call.</param>
public sealed record Arrangement(int Capacity, IReadOnlyList<int> Places, IReadOnlyList<int[]> Calls)
{
    /// <summary>What rows that no call lists hold, and must still hold afterwards.</summary>
    internal const float Untouched = -12345.5f;

    /// <summary>All rows in one call, in order.</summary>
    public static Arrangement Together(int rows) => new(rows, [.. Enumerable.Range(0, rows)], [[.. Enumerable.Range(0, rows)]]);

    /// <summary>Every row in a call of its own.</summary>
    public static Arrangement Alone(int rows) => new(rows, [.. Enumerable.Range(0, rows)], [.. Enumerable.Range(0, rows).Select(r => new[] { r })]);

    /// <summary>Rows at scattered places of a larger matrix, in shuffled calls of random sizes.</summary>
    public static Arrangement Scattered(int rows, int seed)
    {
        var random = new CaseRandom(seed);
        int capacity = rows + random.Below(5);
        int[] order = random.Shuffled(rows);
        var calls = new List<int[]>();
        for (int at = 0; at < rows;)
        {
            int count = 1 + random.Below(rows - at);
            calls.Add(order[at..(at + count)]);
            at += count;
        }
        return new(capacity, random.Shuffled(capacity)[..rows], calls);
    }

    /// <summary>The matrix rows of one call.</summary>
    public int[] RowsOf(int[] call) => [.. call.Select(r => Places[r])];

    /// <summary>An array indexed by matrix row from one indexed by row of the case; other rows get <paramref name="filler"/>.</summary>
    internal T[] Spread<T>(IReadOnlyList<T> values, T filler)
    {
        T[] spread = new T[Capacity];
        Array.Fill(spread, filler);
        for (int r = 0; r < Places.Count; r++) spread[Places[r]] = values[r];
        return spread;
    }

    /// <summary>A matrix with the given rows in their places and <see cref="Untouched"/> everywhere else.</summary>
    internal Matrix Fill(IBackend backend, int cols, IReadOnlyList<float[]>? rows = null)
    {
        Matrix matrix = backend.Allocate(Capacity, cols);
        float[] values = new float[Capacity * cols];
        Array.Fill(values, Untouched);
        for (int r = 0; r < Places.Count && rows is not null; r++) rows[r].AsSpan(0, cols).CopyTo(values.AsSpan(Places[r] * cols));
        backend.Write(matrix, cols, [.. Enumerable.Range(0, Capacity)], values);
        return matrix;
    }

    /// <summary>The rows of the case, read from their places, <paramref name="cols"/> columns each.</summary>
    /// <exception cref="InvalidOperationException">A row that no call listed, or a column that none of them owns, was written.</exception>
    internal float[][] Collect(IBackend backend, Matrix matrix, int cols)
    {
        float[] all = new float[Capacity * matrix.Cols];
        backend.Read(matrix, matrix.Cols, [.. Enumerable.Range(0, Capacity)], all);
        for (int row = 0; row < Capacity; row++)
        {
            int owned = Places.Contains(row) ? cols : 0;
            for (int c = owned; c < matrix.Cols; c++)
                if (all[row * matrix.Cols + c] != Untouched)
                    throw new InvalidOperationException($"column {c} of matrix row {row} was written, which no call had asked for");
        }
        return [.. Places.Select(place => all.AsSpan(place * matrix.Cols, cols).ToArray())];
    }
}
