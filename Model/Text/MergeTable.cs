using System.Numerics;

namespace Switchyard.Model.Text;

/// <summary>Which pairs of tokens merge, in what order of preference, and into what. Read by any thread once built.</summary>
internal sealed class MergeTable
{
    private readonly ulong[] _keys;
    private readonly (int Rank, int Product)[] _values;
    private readonly int _mask;

    /// <summary>An empty table.</summary>
    /// <param name="capacity">How many pairs it will hold at most.</param>
    public MergeTable(int capacity)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(capacity, 4) * 2);
        _keys = new ulong[size];
        _values = new (int, int)[size];
        _mask = size - 1;
    }

    /// <summary>Sets a pair's merge; a pair set twice keeps the last.</summary>
    public void Set(int left, int right, int rank, int product)
    {
        int slot = Find(Key(left, right));
        _keys[slot] = Key(left, right);
        _values[slot] = (rank, product);
    }

    /// <summary>Looks a pair up.</summary>
    public bool TryGet(int left, int right, out int rank, out int product)
    {
        ulong key = Key(left, right);
        int slot = Find(key);
        (rank, product) = _values[slot];
        return _keys[slot] == key;
    }

    // Zero marks an empty slot, so that ids are stored plus one.
    private static ulong Key(int left, int right) => ((ulong)(uint)(left + 1) << 32) | (uint)(right + 1);

    private int Find(ulong key)
    {
        int slot = (int)((key * 0x9E3779B97F4A7C15) >> 32) & _mask;
        while (_keys[slot] != 0 && _keys[slot] != key) slot = (slot + 1) & _mask;
        return slot;
    }
}
