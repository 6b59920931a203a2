namespace Switchyard.Model.Text;

/// <summary>What is known about pairs of branching instruction and place in one text.</summary>
internal sealed class MatchMemo(int branchCount, int textLength)
{
    private const int PageBits = 1 << 14;
    private readonly ulong[]?[] _pages = new ulong[]?[((branchCount * ((long)textLength + 1)) / PageBits) + 1];
    private readonly Dictionary<long, int> _ends = [];
    private readonly List<long> _trail = [];

    /// <summary>Pairs entered and not yet known to fail.</summary>
    public int TrailCount => _trail.Count;

    /// <summary>Enters a pair. False when it is known: <paramref name="end"/> is then where it leads, or -1 if it fails.</summary>
    public bool Enter(int branch, int at, bool insidePart, out int end)
    {
        long key = (branch * ((long)textLength + 1)) + at;
        end = -1;
        if (insidePart && _ends.TryGetValue(key, out end)) return false;
        end = -1;
        ulong[] page = _pages[key / PageBits] ??= new ulong[PageBits / 64];
        ref ulong word = ref page[(key % PageBits) / 64];
        ulong bit = 1UL << (int)(key % 64);
        if ((word & bit) != 0) return false;
        word |= bit;
        _trail.Add(key);
        return true;
    }

    /// <summary>All pairs entered since the trail had this length have failed.</summary>
    public void Forget(int trailCount) => _trail.RemoveRange(trailCount, _trail.Count - trailCount);

    /// <summary>The pairs entered since then lie on the way to a match: they are open again, or inside a part known to lead to its end.</summary>
    public void Succeed(int trailCount, int end, bool keep)
    {
        for (int i = trailCount; i < _trail.Count; i++)
        {
            long key = _trail[i];
            _pages[key / PageBits]![(key % PageBits) / 64] &= ~(1UL << (int)(key % 64));
            if (keep) _ends[key] = end;
        }
        _trail.RemoveRange(trailCount, _trail.Count - trailCount);
    }
}
