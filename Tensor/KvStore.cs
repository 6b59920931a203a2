namespace Switchyard.Tensor;

/// <summary>
/// Keys and values of every layer, in pages of sixteen slots, in a backend's memory; and the map that says whose keys and
/// values each (layer, slot) has.
/// </summary>
/// <remarks>
/// A store slot is page × 16 + offset. Within a page keys lie as [kv head][head_dim][16] and values as
/// [kv head][16][head_dim], so that one vector holds one dimension of sixteen positions, or many dimensions of one.
/// The maps are host memory; the planes belong to the backend.
/// </remarks>
public abstract class KvStore : IDisposable
{
    /// <summary>The slot has no keys and values at that layer; attention does not see it.</summary>
    public const short Absent = -1;

    /// <summary>The slot's keys and values at that layer are zeros, which attention does see (BUDDY, arXiv:2606.09514).</summary>
    public const short Zero = -2;

    private readonly short[] _source; // [layers, slots]
    private readonly ushort[] _own;   // [layers, pages]: bit i is set when slot i of the page has its own layer's keys

    /// <summary>Makes maps for <paramref name="shape"/>; every slot starts absent.</summary>
    protected KvStore(KvShape shape)
    {
        Shape = shape;
        _source = new short[shape.Layers * shape.Slots];
        _own = new ushort[shape.Layers * shape.Pages];
        Array.Fill(_source, Absent);
    }

    /// <summary>Layers, pages, heads and format.</summary>
    public KvShape Shape { get; }

    /// <summary>
    /// The layer whose keys and values stand in for (<paramref name="layer"/>, <paramref name="slot"/>): the layer itself,
    /// another one (state copying by name, DREX, arXiv:2512.15705), <see cref="Absent"/> or <see cref="Zero"/>.
    /// </summary>
    public short Source(int layer, int slot) => _source[layer * Shape.Slots + slot];

    /// <summary>Bit i is set when slot i of <paramref name="page"/> has keys and values of <paramref name="layer"/> itself.</summary>
    public ushort OwnMask(int layer, int page) => _own[layer * Shape.Pages + page];

    /// <summary>Names the layer that stands in for (<paramref name="layer"/>, <paramref name="slot"/>).</summary>
    public void SetSource(int layer, int slot, short source)
    {
        _source[layer * Shape.Slots + slot] = source;
        ref ushort own = ref _own[layer * Shape.Pages + slot / KvShape.PageSize];
        int bit = 1 << (slot % KvShape.PageSize);
        own = (ushort)(source == layer ? own | bit : own & ~bit);
    }

    /// <summary>Marks a slot absent at every layer: what staging does before any layer runs.</summary>
    public void ResetSources(int slot)
    {
        for (int layer = 0; layer < Shape.Layers; layer++) SetSource(layer, slot, Absent);
    }

    /// <summary>Gives <paramref name="toSlot"/> the sources of <paramref name="fromSlot"/> at every layer.</summary>
    public void MoveSources(int fromSlot, int toSlot)
    {
        for (int layer = 0; layer < Shape.Layers; layer++) SetSource(layer, toSlot, Source(layer, fromSlot));
    }

    /// <summary>Gives the memory back.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}
