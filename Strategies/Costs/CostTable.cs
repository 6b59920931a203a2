namespace Switchyard.Strategies.Costs;

/// <summary>
/// Seconds of a forward pass by context and rows per request, for one model and one batch size: CAST's S_T(B) and S_D(B)
/// (arXiv:2510.26577), measured at few points and answered everywhere.
/// </summary>
/// <remarks>
/// A measured curve is a staircase with inversions (40 rows slower than 48). The repair replaces every point by the lowest of
/// the points at or after it: running more rows and ignoring some is always possible. Between points time is linear in rows;
/// beyond the last it goes on as the last two points lie, at least as steeply as the whole curve.
/// </remarks>
public sealed class CostTable
{
    private readonly int[] _rows;         // grid, ascending from 1
    private readonly double[] _measured;  // [contexts, rows] seconds as measured
    private readonly double[] _repaired;  // [contexts, rows] seconds, not falling along rows
    private readonly int _contexts;

    /// <summary>Makes a table.</summary>
    /// <param name="contextStep">Tokens from one context of the grid to the next: L of the paper.</param>
    /// <param name="rows">Rows that were measured, ascending, the first 1.</param>
    /// <param name="seconds">Shape [contexts, rows]: context m of the grid is (m + 1) · <paramref name="contextStep"/> tokens. All positive.</param>
    public CostTable(int contextStep, ReadOnlySpan<int> rows, ReadOnlySpan<double> seconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(contextStep);
        if (rows.IsEmpty || rows[0] != 1 || seconds.Length == 0 || seconds.Length % rows.Length != 0)
            throw new ArgumentException($"A cost table needs rows from 1 and whole lines of seconds; got {rows.Length} rows and {seconds.Length} times.", nameof(rows));
        for (int i = 1; i < rows.Length; i++)
            if (rows[i] <= rows[i - 1]) throw new ArgumentException($"Rows must ascend; {rows[i]} follows {rows[i - 1]}.", nameof(rows));
        foreach (double time in seconds)
            if (!(time > 0) || double.IsInfinity(time)) throw new ArgumentException($"A pass takes a positive time; got {time} s.", nameof(seconds));
        (ContextStep, _rows, _measured, _repaired, _contexts) = (contextStep, rows.ToArray(), seconds.ToArray(), seconds.ToArray(), seconds.Length / rows.Length);
        for (int m = 0; m < _contexts; m++) Repair(m);
    }

    /// <summary>Tokens from one context of the grid to the next.</summary>
    public int ContextStep { get; }

    /// <summary>Contexts of the grid.</summary>
    public int ContextCount => _contexts;

    /// <summary>Rows of the grid.</summary>
    public ReadOnlySpan<int> Rows => _rows;

    /// <summary>Seconds as measured, [<see cref="ContextCount"/>, Rows].</summary>
    public ReadOnlySpan<double> Measured => _measured;

    /// <summary>
    /// The grid's context for a cached length, in tokens: (min(⌊c / L⌋, M − 1) + 1) · L. (The paper's formula is printed with
    /// a maximum, which would always name the last one.)
    /// </summary>
    public int Select(int context) => (Index(context) + 1) * ContextStep;

    /// <summary>Seconds of a pass.</summary>
    /// <param name="context">Tokens cached, at least 0; beyond the grid as at its end.</param>
    /// <param name="rows">Rows of each request, at least 1.</param>
    public double Seconds(int context, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ReadOnlySpan<double> line = _repaired.AsSpan(Index(context) * _rows.Length, _rows.Length);
        int last = _rows.Length - 1;
        if (last == 0) return line[0];
        int high = _rows.AsSpan().BinarySearch(rows);
        if (high >= 0) return line[high];
        high = Math.Min(~high, last);
        double slope = (line[high] - line[high - 1]) / (_rows[high] - _rows[high - 1]);
        if (rows > _rows[last]) return line[last] + Math.Max(slope, (line[last] - line[0]) / (_rows[last] - 1)) * (rows - _rows[last]);
        return line[high - 1] + slope * (rows - _rows[high - 1]);
    }

    /// <summary>Replaces one measurement and repairs its line.</summary>
    public void Set(int contextIndex, int rowIndex, double seconds)
    {
        if (!(seconds > 0) || double.IsInfinity(seconds)) throw new ArgumentOutOfRangeException(nameof(seconds), seconds, "A pass takes a positive time.");
        _measured[contextIndex * _rows.Length + rowIndex] = seconds;
        Repair(contextIndex);
    }

    /// <summary>The grid's index of the context nearest to what <see cref="Select"/> names.</summary>
    public int Index(int context) => Math.Min(Math.Max(0, context) / ContextStep, _contexts - 1);

    private void Repair(int context)
    {
        double lowest = double.PositiveInfinity;
        for (int i = _rows.Length - 1; i >= 0; i--)
        {
            int at = context * _rows.Length + i;
            lowest = Math.Min(lowest, _measured[at]);
            _repaired[at] = lowest;
        }
    }
}
