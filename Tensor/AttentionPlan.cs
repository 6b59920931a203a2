namespace Switchyard.Tensor;

/// <summary>
/// What each row of an arena sees: a run of slots that equal their positions, then a tail of slots for the positions after it.
/// </summary>
/// <remarks>
/// A row after the committed context, or one that continues a chain staged without gaps, only lengthens the run; only rows
/// that branch off have tails. The last visible position is the row's own.
/// </remarks>
public sealed class AttentionPlan
{
    private readonly PageTable?[] _pages;
    private readonly int[] _run;
    private readonly int[] _tailCount;
    private readonly int[][] _tails;

    /// <summary>Makes a plan for an arena of <paramref name="capacity"/> rows.</summary>
    public AttentionPlan(int capacity)
    {
        (_pages, _run, _tailCount) = (new PageTable[capacity], new int[capacity], new int[capacity]);
        _tails = new int[capacity][];
        Array.Fill(_tails, []);
    }

    /// <summary>Where the row's slots lie in the store.</summary>
    public PageTable Pages(int row) => _pages[row] ?? throw new InvalidOperationException($"Row {row} is not in the attention plan.");

    /// <summary>Positions 0 … RunLength − 1 lie in the slots of the same number.</summary>
    public int RunLength(int row) => _run[row];

    /// <summary>Slots (of the sequence) of positions RunLength, RunLength + 1, … up to the row's own.</summary>
    public ReadOnlySpan<int> Tail(int row) => _tails[row].AsSpan(0, _tailCount[row]);

    /// <summary>The row's own position: the last that it sees.</summary>
    public int Position(int row) => _run[row] + _tailCount[row] - 1;

    /// <summary>A row that follows on the committed context of <paramref name="length"/> tokens.</summary>
    public void Root(int row, PageTable pages, int length, int slot)
    {
        (_pages[row], _run[row], _tailCount[row]) = (pages, length, 0);
        Append(row, slot);
    }

    /// <summary>A row that follows on <paramref name="parent"/>, another row of the same sequence.</summary>
    public void Extend(int row, int parent, int slot)
    {
        (_pages[row], _run[row], _tailCount[row]) = (_pages[parent], _run[parent], _tailCount[parent]);
        if (_tailCount[row] > 0)
        {
            Reserve(row, _tailCount[row]);
            Tail(parent).CopyTo(_tails[row]);
        }
        Append(row, slot);
    }

    /// <summary>Forgets a row.</summary>
    public void Remove(int row) => _pages[row] = null;

    private void Append(int row, int slot)
    {
        if (_tailCount[row] == 0 && slot == _run[row])
        {
            _run[row]++;
            return;
        }
        Reserve(row, _tailCount[row] + 1);
        _tails[row][_tailCount[row]++] = slot;
    }

    private void Reserve(int row, int count)
    {
        if (_tails[row].Length < count) Array.Resize(ref _tails[row], Math.Max(16, 2 * count));
    }
}
