namespace Switchyard.Tensor;

/// <summary>The shape of a key and value store.</summary>
/// <param name="Layers">Transformer layers.</param>
/// <param name="Pages">Pages of <see cref="PageSize"/> slots.</param>
/// <param name="KvHeads">Key and value heads.</param>
/// <param name="HeadDim">Elements of a head.</param>
/// <param name="DType"><see cref="DType.F32"/> or <see cref="DType.F16"/>.</param>
public readonly record struct KvShape(int Layers, int Pages, int KvHeads, int HeadDim, DType DType = DType.F32)
{
    /// <summary>Slots of a page, and positions of an attention tile.</summary>
    public const int PageSize = 16;

    /// <summary>Elements of one slot's keys, and of its values.</summary>
    public int KvDim => KvHeads * HeadDim;

    /// <summary>Slots of the whole store.</summary>
    public int Slots => Pages * PageSize;

    /// <summary>Bytes of keys and values of one page over all layers.</summary>
    public long PageBytes => 2L * Layers * PageSize * KvDim * DType.BlockBytes();
}
