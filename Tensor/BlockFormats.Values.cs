using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Switchyard.Tensor;

/// <content>
/// Values of stored rows and back, in scalar form. Multiplications and additions round separately; nothing is fused. Quantised
/// values are finite when the input is finite and no scale leaves the range of binary16 (magnitudes up to 65,504 are safe in every format).
/// </content>
public static partial class BlockFormats
{
    /// <summary>Reads whole blocks as float32.</summary>
    /// <param name="dtype">How <paramref name="source"/> is laid out.</param>
    /// <param name="source">Whole blocks, exactly as many as <paramref name="destination"/> needs.</param>
    /// <param name="destination">Shape [elements].</param>
    /// <exception cref="ShapeException">The lengths do not fit each other.</exception>
    public static void Dequantize(DType dtype, ReadOnlySpan<byte> source, Span<float> destination)
    {
        CheckLengths(dtype, source.Length, destination.Length);
        if (BitConverter.IsLittleEndian && !dtype.IsBlockFormat())
        {
            DequantizePlain(dtype, source, destination);
            return;
        }
        int elements = dtype.BlockElements(), bytes = dtype.BlockBytes();
        for (int from = 0, to = 0; to < destination.Length; from += bytes, to += elements)
            DequantizeBlock(dtype, source.Slice(from, bytes), destination.Slice(to, elements));
    }

    /// <summary>Writes float32 values as whole blocks.</summary>
    /// <param name="dtype">How to lay <paramref name="destination"/> out.</param>
    /// <param name="source">Shape [elements], finite.</param>
    /// <param name="destination">Whole blocks, exactly as many as <paramref name="source"/> needs.</param>
    /// <exception cref="ShapeException">The lengths do not fit each other.</exception>
    public static void Quantize(DType dtype, ReadOnlySpan<float> source, Span<byte> destination)
    {
        CheckLengths(dtype, destination.Length, source.Length);
        if (BitConverter.IsLittleEndian && !dtype.IsBlockFormat())
        {
            QuantizePlain(dtype, source, destination);
            return;
        }
        int elements = dtype.BlockElements(), bytes = dtype.BlockBytes();
        for (int from = 0, to = 0; from < source.Length; from += elements, to += bytes)
            QuantizeBlock(dtype, source.Slice(from, elements), destination.Slice(to, bytes));
    }

    /// <summary>The float32 of a BF16's bits; exact.</summary>
    public static float FromBF16(ushort bits) => BitConverter.Int32BitsToSingle(bits << 16);

    /// <summary>The BF16 nearest to a float32, ties to even; NaN stays a quiet NaN of the same sign.</summary>
    public static ushort ToBF16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)((bits >> 16) | 0x40); // rounding could carry a NaN into infinity
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>The float32 of a binary16's bits; exact.</summary>
    public static float FromF16(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);

    /// <summary>The binary16 nearest to a float32, ties to even.</summary>
    public static ushort ToF16(float value) => BitConverter.HalfToUInt16Bits((Half)value);

    private static void CheckLengths(DType dtype, int bytes, int elements)
    {
        if (bytes != dtype.RowBytes(elements))
            throw new ShapeException($"{elements} {dtype} elements take {dtype.RowBytes(elements)} bytes; got {bytes}.");
    }

    private static void DequantizePlain(DType dtype, ReadOnlySpan<byte> source, Span<float> destination)
    {
        switch (dtype)
        {
            case DType.F32:
                source.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case DType.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), destination);
                break;
            default:
                ReadOnlySpan<ushort> bits = MemoryMarshal.Cast<byte, ushort>(source);
                for (int i = 0; i < destination.Length; i++) destination[i] = FromBF16(bits[i]);
                break;
        }
    }

    private static void QuantizePlain(DType dtype, ReadOnlySpan<float> source, Span<byte> destination)
    {
        switch (dtype)
        {
            case DType.F32:
                MemoryMarshal.AsBytes(source).CopyTo(destination);
                break;
            case DType.F16:
                TensorPrimitives.ConvertToHalf(source, MemoryMarshal.Cast<byte, Half>(destination));
                break;
            default:
                Span<ushort> bits = MemoryMarshal.Cast<byte, ushort>(destination);
                for (int i = 0; i < source.Length; i++) bits[i] = ToBF16(source[i]);
                break;
        }
    }

    private static void DequantizeBlock(DType dtype, ReadOnlySpan<byte> block, Span<float> y)
    {
        switch (dtype)
        {
            case DType.F32: y[0] = BinaryPrimitives.ReadSingleLittleEndian(block); break;
            case DType.F16: y[0] = ReadF16(block); break;
            case DType.BF16: y[0] = FromBF16(BinaryPrimitives.ReadUInt16LittleEndian(block)); break;
            case DType.Q8_0: DequantizeQ8_0(block, y); break;
            case DType.Q4_0: DequantizeQ4_0(block, y); break;
            case DType.Q4_1: DequantizeQ4_1(block, y); break;
            case DType.Q5_0: DequantizeQ5_0(block, y); break;
            case DType.Q5_1: DequantizeQ5_1(block, y); break;
            case DType.IQ4_NL: DequantizeIQ4_NL(block, y); break;
            case DType.Q4_K: DequantizeQ4_K(block, y); break;
            case DType.Q5_K: DequantizeQ5_K(block, y); break;
            case DType.Q6_K: DequantizeQ6_K(block, y); break;
            default: throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Unknown data type.");
        }
    }

    private static void QuantizeBlock(DType dtype, ReadOnlySpan<float> x, Span<byte> block)
    {
        switch (dtype)
        {
            case DType.F32: BinaryPrimitives.WriteSingleLittleEndian(block, x[0]); break;
            case DType.F16: WriteF16(block, x[0]); break;
            case DType.BF16: BinaryPrimitives.WriteUInt16LittleEndian(block, ToBF16(x[0])); break;
            case DType.Q8_0: QuantizeQ8_0(x, block); break;
            case DType.Q4_0: QuantizeQ4_0(x, block); break;
            case DType.Q4_1: QuantizeQ4_1(x, block); break;
            case DType.Q5_0: QuantizeQ5_0(x, block); break;
            case DType.Q5_1: QuantizeQ5_1(x, block); break;
            case DType.IQ4_NL: QuantizeIQ4_NL(x, block); break;
            case DType.Q4_K: QuantizeQ4_K(x, block); break;
            case DType.Q5_K: QuantizeQ5_K(x, block); break;
            case DType.Q6_K: QuantizeQ6_K(x, block); break;
            default: throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Unknown data type.");
        }
    }

    private static float ReadF16(ReadOnlySpan<byte> bytes) => FromF16(BinaryPrimitives.ReadUInt16LittleEndian(bytes));

    /// <summary>Writes a scale and gives back what was written, so that levels are chosen against the value as stored.</summary>
    private static float StoreF16(Span<byte> bytes, float value)
    {
        WriteF16(bytes, value);
        return ReadF16(bytes);
    }

    private static void WriteF16(Span<byte> bytes, float value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes, ToF16(value));

    private static float Inverse(float d) => d != 0 ? 1f / d : 0f;
}
