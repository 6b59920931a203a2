namespace Switchyard.Model.Text;

/// <summary>Merges one word's symbols by a <see cref="MergeTable"/>: always the best-ranked pair, the leftmost of equals. O(n log n).</summary>
/// <remarks>Holds the scratch of one encoding; one thread at a time.</remarks>
internal sealed class WordMerger
{
    private const int LargestKept = 1 << 16;
    private int[] _symbols = new int[64];
    private int[] _previous = new int[64];
    private int[] _next = new int[64];
    private (ulong Order, int Product)[] _heap = new (ulong, int)[64];
    private int _heapCount;

    /// <summary>How many symbols the word has so far.</summary>
    public int Count { get; private set; }

    /// <summary>Begins a word.</summary>
    public void Clear() => Count = 0;

    /// <summary>Appends a symbol.</summary>
    public void Add(int symbol)
    {
        if (Count == _symbols.Length)
        {
            Array.Resize(ref _symbols, Count * 2);
            Array.Resize(ref _previous, Count * 2);
            Array.Resize(ref _next, Count * 2);
        }
        _symbols[Count++] = symbol;
    }

    /// <summary>Merges what can be merged and appends the symbols that remain, in order.</summary>
    public void Merge(MergeTable merges, List<int> output)
    {
        _heapCount = 0;
        for (int i = 0; i < Count; i++)
        {
            (_previous[i], _next[i]) = (i - 1, i + 1 < Count ? i + 1 : -1);
            if (i > 0) Offer(merges, i - 1, i);
        }
        while (_heapCount > 0)
        {
            (ulong order, int product) = Pop();
            int left = (int)(uint)order;
            int right = _symbols[left] < 0 ? -1 : _next[left];
            // An entry is stale when its pair has since been merged with something else.
            if (right < 0 || !merges.TryGet(_symbols[left], _symbols[right], out int rank, out int current) || current != product || rank != (int)(order >> 32)) continue;
            _symbols[left] = product;
            _symbols[right] = -1;
            _next[left] = _next[right];
            if (_next[left] >= 0) _previous[_next[left]] = left;
            if (_previous[left] >= 0) Offer(merges, _previous[left], left);
            if (_next[left] >= 0) Offer(merges, left, _next[left]);
        }
        if (Count > 0)
            for (int i = 0; i >= 0; i = _next[i])
                output.Add(_symbols[i]);
    }

    /// <summary>Lets go of what one long word needed.</summary>
    public void Trim()
    {
        if (_symbols.Length > LargestKept) (_symbols, _previous, _next) = (new int[64], new int[64], new int[64]);
        if (_heap.Length > LargestKept) _heap = new (ulong, int)[64];
    }

    private void Offer(MergeTable merges, int left, int right)
    {
        if (!merges.TryGet(_symbols[left], _symbols[right], out int rank, out int product)) return;
        if (_heapCount == _heap.Length) Array.Resize(ref _heap, _heapCount * 2);
        (ulong Order, int Product) entry = (((ulong)(uint)rank << 32) | (uint)left, product);
        int at = _heapCount++;
        while (at > 0 && _heap[(at - 1) / 2].Order > entry.Order)
        {
            _heap[at] = _heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }
        _heap[at] = entry;
    }

    private (ulong Order, int Product) Pop()
    {
        (ulong Order, int Product) top = _heap[0], last = _heap[--_heapCount];
        int at = 0;
        while (true)
        {
            int child = (2 * at) + 1;
            if (child >= _heapCount) break;
            if (child + 1 < _heapCount && _heap[child + 1].Order < _heap[child].Order) child++;
            if (_heap[child].Order >= last.Order) break;
            _heap[at] = _heap[child];
            at = child;
        }
        _heap[at] = last;
        return top;
    }
}
