using System.Buffers.Binary;
using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary>Weights of any format made of chance: every bit pattern of the numbers, sensible scales.</summary>
internal static class RandomWeights
{
    /// <summary>Every format.</summary>
    public static DType[] Formats { get; } = Enum.GetValues<DType>();

    /// <summary>A tensor [rows, cols] in format <paramref name="dtype"/> whose values are about <paramref name="scale"/>.</summary>
    public static TensorData Make(CaseRandom random, DType dtype, int rows, int cols, float scale = 1)
    {
        byte[] bytes = new byte[rows * dtype.RowBytes(cols)];
        int size = dtype.BlockBytes();
        if (!dtype.IsBlockFormat())
        {
            for (int i = 0; i < rows * cols; i++) WritePlain(dtype, bytes.AsSpan(i * size), random.Normal() * scale);
            return new ArrayTensorData(dtype, rows, cols, bytes);
        }
        for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)random.Next();
        for (int at = 0; at < bytes.Length; at += size) WriteScales(random, dtype, bytes.AsSpan(at, size), scale);
        return new ArrayTensorData(dtype, rows, cols, bytes);
    }

    /// <summary>Why a backend computes on another format than <paramref name="dtype"/>; null where it keeps it.</summary>
    public static string? RefusedBy(IBackend backend, DType dtype, int cols)
    {
        using Weight probe = backend.Upload("probe", Make(new CaseRandom(1), dtype, 1, cols));
        return probe.DType == dtype ? null : $"{backend.Name} converts {dtype} to {probe.DType}";
    }

    private static void WritePlain(DType dtype, Span<byte> to, float value)
    {
        if (dtype == DType.F32) BinaryPrimitives.WriteSingleLittleEndian(to, value);
        else if (dtype == DType.F16) BinaryPrimitives.WriteHalfLittleEndian(to, (Half)value);
        else BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
    }

    /// <summary>Scales and minima in place of the random bytes, so that the numbers of a block are about <paramref name="scale"/>.</summary>
    private static void WriteScales(CaseRandom random, DType dtype, Span<byte> block, float scale)
    {
        float range = dtype switch
        {
            DType.Q8_0 or DType.IQ4_NL => 127,
            DType.Q4_0 => 8,
            DType.Q4_1 or DType.Q5_0 => 16,
            DType.Q5_1 => 32,
            DType.Q4_K => 63 * 15,
            DType.Q5_K => 63 * 31,
            _ => 127 * 32,
        };
        BinaryPrimitives.WriteHalfLittleEndian(block[(dtype == DType.Q6_K ? 208 : 0)..], (Half)(random.Normal() * scale / range));
        if (dtype.HasMinimum())
            BinaryPrimitives.WriteHalfLittleEndian(block[2..], (Half)(random.Normal() * scale / (dtype is DType.Q4_K or DType.Q5_K ? 63 : 1)));
    }
}
