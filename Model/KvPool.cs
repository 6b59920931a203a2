using Switchyard.Tensor;

namespace Switchyard.Model;

/// <summary>
/// Cache room shared by sequences, in pages of sixteen slots. A sequence reserves its most when it is rented, so that it can
/// always grow that far, and takes pages only as it grows.
/// </summary>
/// <remarks>Used from the decode thread alone.</remarks>
public sealed class KvPool : IDisposable
{
    private readonly int[] _free;
    private int _freeCount;

    /// <summary>Makes a pool of at least <paramref name="slots"/> slots for <paramref name="config"/>.</summary>
    /// <param name="backend">Where keys and values lie.</param>
    /// <param name="config">Layers and heads.</param>
    /// <param name="slots">Tokens over all sequences.</param>
    /// <param name="dtype"><see cref="DType.F32"/>, or <see cref="DType.F16"/> where the backend offers it.</param>
    public KvPool(IBackend backend, ModelConfig config, int slots, DType dtype = DType.F32)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slots);
        Backend = backend;
        Store = backend.AllocateKv(new KvShape(config.LayerCount, PagesFor(slots), config.KvHeadCount, config.HeadDim, dtype));
        _free = new int[Store.Shape.Pages];
        _freeCount = _free.Length;
        for (int i = 0; i < _free.Length; i++) _free[i] = _free.Length - 1 - i;
        UnreservedPages = _free.Length;
    }

    /// <summary>Keys, values and the source map.</summary>
    public KvStore Store { get; }

    /// <summary>Pages that no rented sequence has reserved.</summary>
    public int UnreservedPages { get; private set; }

    /// <summary>Pages that no sequence holds.</summary>
    public int FreePages => _freeCount;

    internal IBackend Backend { get; }

    /// <summary>Pages that <paramref name="slots"/> slots take.</summary>
    public static int PagesFor(int slots) => (slots + KvShape.PageSize - 1) / KvShape.PageSize;

    /// <summary>Reserves room for a sequence of at most <paramref name="capacity"/> slots.</summary>
    /// <returns>The sequence, empty; null while there is no such room.</returns>
    /// <exception cref="ContextOverflowException">The pool will never have such room.</exception>
    public KvSequence? TryRent(int capacity)
    {
        int pages = PagesFor(capacity);
        if (pages > _free.Length)
            throw new ContextOverflowException($"A sequence of {capacity} tokens needs {pages} cache pages; the pool has {_free.Length}. Raise the cache size or shorten the request.");
        if (pages > UnreservedPages) return null;
        UnreservedPages -= pages;
        return new KvSequence(this, capacity);
    }

    /// <summary>Gives back a sequence's pages and its reservation. A second call does nothing.</summary>
    public void Return(KvSequence sequence)
    {
        if (!sequence.Close()) return;
        UnreservedPages += PagesFor(sequence.Capacity);
    }

    /// <summary>Frees the store.</summary>
    public void Dispose() => Store.Dispose();

    internal int TakePage() => _free[--_freeCount];

    internal void GivePage(int page) => _free[_freeCount++] = page;
}
