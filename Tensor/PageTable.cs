namespace Switchyard.Tensor;

/// <summary>Which store pages hold a sequence's slots: slot s lies in page s / 16 of this list.</summary>
public sealed class PageTable
{
    private int[] _pages = [];

    /// <summary>Pages held.</summary>
    public int Count { get; private set; }

    /// <summary>Slots that the pages give room for.</summary>
    public int Slots => Count * KvShape.PageSize;

    /// <summary>Store pages, in slot order.</summary>
    public ReadOnlySpan<int> Pages => _pages.AsSpan(0, Count);

    /// <summary>Turns a slot of the sequence into a slot of the store.</summary>
    public int StoreSlot(int slot) => _pages[slot / KvShape.PageSize] * KvShape.PageSize + slot % KvShape.PageSize;

    /// <summary>Adds a page at the end.</summary>
    public void Push(int page)
    {
        if (Count == _pages.Length) Array.Resize(ref _pages, Math.Max(4, 2 * Count));
        _pages[Count++] = page;
    }

    /// <summary>Takes the last page off and returns it.</summary>
    public int Pop() => _pages[--Count];
}
