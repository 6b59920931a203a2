namespace Switchyard.Tensor;

/// <summary>Block sizes of each <see cref="DType"/>.</summary>
public static class DTypes
{
    /// <summary>Elements that share a block; 1 for plain types.</summary>
    public static int BlockElements(this DType dtype) => dtype switch
    {
        DType.F32 or DType.F16 or DType.BF16 => 1,
        DType.Q4_K or DType.Q5_K or DType.Q6_K => 256,
        _ => 32,
    };

    /// <summary>Bytes of one block; of one element for plain types.</summary>
    public static int BlockBytes(this DType dtype) => dtype switch
    {
        DType.F32 => 4,
        DType.F16 or DType.BF16 => 2,
        DType.Q8_0 => 34,
        DType.Q4_0 or DType.IQ4_NL => 18,
        DType.Q4_1 => 20,
        DType.Q5_0 => 22,
        DType.Q5_1 => 24,
        DType.Q4_K => 144,
        DType.Q5_K => 176,
        DType.Q6_K => 210,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Unknown data type."),
    };

    /// <summary>True for formats whose elements share a scale.</summary>
    public static bool IsBlockFormat(this DType dtype) => dtype.BlockElements() > 1;

    /// <summary>Bytes of one row of <paramref name="elements"/> numbers.</summary>
    /// <exception cref="ShapeException">The row is not a whole number of blocks.</exception>
    public static long RowBytes(this DType dtype, int elements)
    {
        int block = dtype.BlockElements();
        if (elements < 0 || elements % block != 0)
            throw new ShapeException($"A row of {elements} elements is not a whole number of {dtype} blocks of {block}.");
        return (long)(elements / block) * dtype.BlockBytes();
    }
}
