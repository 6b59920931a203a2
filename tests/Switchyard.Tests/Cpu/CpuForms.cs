using System.Runtime.Intrinsics.X86;
using Switchyard.Backends.Cpu;
using Switchyard.Tensor;

namespace Switchyard.Tests.Cpu;

internal static class CpuForms
{
    /// <summary>The forms of kernels that this machine can run.</summary>
    public static Isa[] Supported { get; } = [.. Enum.GetValues<Isa>().Where(CpuBackend.Supports)];

    /// <summary>Those, and the ones that AVX2 can stand in for.</summary>
    public static Isa[] Testable { get; } = Avx2.IsSupported && Fma.IsSupported ? Enum.GetValues<Isa>() : Supported;

    public static DType[] Formats { get; } = Enum.GetValues<DType>();

    public static CpuBackend Create(Isa isa, int threads = 1) => new(new CpuOptions { Isa = isa, Threads = threads }, anyForm: true);

    /// <summary>A tensor of random numbers of ordinary size in any format.</summary>
    public static ArrayTensorData RandomTensor(DType dtype, int rows, int cols, int seed)
    {
        var random = new Random(seed);
        byte[] bytes = new byte[rows * dtype.RowBytes(cols)];
        random.NextBytes(bytes);
        if (!dtype.IsBlockFormat())
        {
            float[] values = [.. Enumerable.Range(0, rows * cols).Select(_ => (float)(random.NextDouble() - 0.5))];
            BlockFormats.Quantize(dtype, values, bytes);
            return new ArrayTensorData(dtype, rows, cols, bytes);
        }
        int block = dtype.BlockBytes();
        for (int at = 0; at < bytes.Length; at += block)
        {
            // The upper byte of a binary16 between 2^-8 and 2^-4.
            if (dtype == DType.Q6_K) bytes[at + 209] = (byte)(0x1C | bytes[at + 209] & 0x8F);
            else bytes[at + 1] = (byte)(0x1C | bytes[at + 1] & 0x8F);
            if (dtype.HasMinimum()) bytes[at + 3] = (byte)(0x1C | bytes[at + 3] & 0x8F);
        }
        return new ArrayTensorData(dtype, rows, cols, bytes);
    }

    public static float[] RandomFloats(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(2 * random.NextDouble() - 1))];
    }

    /// <summary>x·Wᵀ for some rows of x, [rows, outs].</summary>
    public static float[] Product(CpuBackend backend, Weight w, float[] x, int[] rows, bool accumulate = false)
    {
        int all = x.Length / w.InDim;
        using Matrix input = backend.Allocate(all, w.InDim), output = backend.Allocate(all, w.OutDim);
        backend.Write(input, w.InDim, [.. Enumerable.Range(0, all)], x);
        backend.MatMul(input, [new Projection(w, output)], rows, accumulate);
        float[] result = new float[rows.Length * w.OutDim];
        backend.Read(output, w.OutDim, rows, result);
        return result;
    }

    public static void AssertSameBits(ReadOnlySpan<float> want, ReadOnlySpan<float> got, string what)
    {
        Assert(want.Length == got.Length, what);
        for (int i = 0; i < want.Length; i++)
            Assert(BitConverter.SingleToInt32Bits(want[i]) == BitConverter.SingleToInt32Bits(got[i]), $"{what}: element {i} is {got[i]:R}, not {want[i]:R}");
    }

    private static void Assert(bool condition, string message) => Xunit.Assert.True(condition, message);
}
