using System.Runtime.CompilerServices;
using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu;

/// <summary>Key and value planes, [layers][kv heads][pages] of [head_dim][16] keys and [16][head_dim] values.</summary>
/// <remarks>A head's planes follow each other: a sequence whose pages do, as most do, is read as one stream of keys and one of values.</remarks>
internal sealed unsafe class CpuKvStore : KvStore
{
    private readonly AlignedMemory<byte> _keys, _values;
    private readonly int _headBytes; // of one page

    public CpuKvStore(CpuBackend owner, KvShape shape)
        : base(shape)
    {
        Owner = owner;
        ElementBytes = shape.DType.BlockBytes();
        _headBytes = shape.HeadDim * KvShape.PageSize * ElementBytes;
        long bytes = (long)_headBytes * shape.KvHeads * shape.Layers * shape.Pages;
        _keys = new AlignedMemory<byte>(bytes);
        _values = new AlignedMemory<byte>(bytes);
        owner.Counters.BytesHeld += _keys.ByteCount + _values.ByteCount;
    }

    public CpuBackend Owner { get; }

    /// <summary>4 or 2.</summary>
    public int ElementBytes { get; }

    public bool IsDisposed => _keys.Pointer is null;

    /// <summary>Keys of one page and head, [head_dim][16].</summary>
    public byte* Keys(int layer, int page, int head) => _keys.Pointer + Offset(layer, page, head);

    /// <summary>Values of one page and head, [16][head_dim].</summary>
    public byte* Values(int layer, int page, int head) => _values.Pointer + Offset(layer, page, head);

    /// <summary>Element <paramref name="index"/> of a plane, widened.</summary>
    public float Get(byte* plane, int index) => ElementBytes == 4 ? ((float*)plane)[index] : (float)((Half*)plane)[index];

    /// <summary>Writes element <paramref name="index"/> of a plane, rounded to nearest even.</summary>
    public void Set(byte* plane, int index, float value)
    {
        if (ElementBytes == 4) ((float*)plane)[index] = value;
        else ((Half*)plane)[index] = (Half)value;
    }

    /// <summary>Writes the keys and values of one position and head, [head_dim] each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Set(int layer, int page, int head, int lane, float* keys, float* values)
    {
        int headDim = Shape.HeadDim;
        byte* toKeys = Keys(layer, page, head), toValues = Values(layer, page, head);
        if (ElementBytes == 4)
        {
            float* to = (float*)toKeys + lane;
            for (int d = 0; d < headDim; d++) to[d * KvShape.PageSize] = keys[d];
            new ReadOnlySpan<float>(values, headDim).CopyTo(new Span<float>((float*)toValues + lane * headDim, headDim));
            return;
        }
        Half* narrow = (Half*)toKeys + lane;
        for (int d = 0; d < headDim; d++) narrow[d * KvShape.PageSize] = (Half)keys[d];
        narrow = (Half*)toValues + lane * headDim;
        for (int d = 0; d < headDim; d++) narrow[d] = (Half)values[d];
    }

    public override void Dispose()
    {
        if (!IsDisposed) Owner.Counters.BytesHeld -= _keys.ByteCount + _values.ByteCount;
        _keys.Dispose();
        _values.Dispose();
        base.Dispose();
    }

    private long Offset(int layer, int page, int head) => (((long)layer * Shape.KvHeads + head) * Shape.Pages + page) * _headBytes;
}
