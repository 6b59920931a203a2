using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Quantisation of activations in vectors; every step is that of <see cref="ScalarKernels.Quantize"/>.</summary>
/// <remarks>
/// Adding 1.5 · 2²³ rounds a product to the nearest even integer and leaves it in the lowest bits. Magnitudes are compared as integers,
/// so that NaN counts as the largest.
/// </remarks>
internal static unsafe class QuantizeKernels
{
    private const int MagicBits = 0x4B400000; // of CanonicalMath.RoundingMagic

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize256(float* x, int count, int rows, QuantizedRows to)
    {
        Vector256<int> magnitude = Vector256.Create(0x7FFFFFFF);
        for (int block = 0; block < count / PanelLayout.Block; block++, x += PanelLayout.Block)
        {
            Vector256<float> a = Vector256.Load(x), b = Vector256.Load(x + 8), c = Vector256.Load(x + 16), d = Vector256.Load(x + 24);
            Vector256<int> ab = Vector256.Max(a.AsInt32() & magnitude, b.AsInt32() & magnitude);
            Vector256<int> largest = Vector256.Max(ab, Vector256.Max(c.AsInt32() & magnitude, d.AsInt32() & magnitude));
            (float scale, float inverse) = ScalarKernels.Scales(Largest(Vector128.Max(largest.GetLower(), largest.GetUpper())));
            if (inverse == 0) a = b = c = d = default;
            Vector256<short> first = Round(a, b, inverse), second = Round(c, d, inverse);
            Store(first, second, to, block, rows);
            Vector128<short> even = first.GetLower() + first.GetUpper(), odd = second.GetLower() + second.GetUpper();
            ScalarKernels.Finish(to, block * rows, scale, Vector128.Sum(even), Vector128.Sum(odd), Vector128.Sum((even + odd) & LowPairs));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize128(float* x, int count, int rows, QuantizedRows to)
    {
        Vector128<int> magnitude = Vector128.Create(0x7FFFFFFF);
        short* sums = stackalloc short[4];
        for (int block = 0; block < count / PanelLayout.Block; block++, x += PanelLayout.Block)
        {
            Vector128<int> largest = default;
            for (int k = 0; k < PanelLayout.Block; k += 4) largest = Vector128.Max(largest, Vector128.Load((int*)(x + k)) & magnitude);
            (float scale, float inverse) = ScalarKernels.Scales(Largest(largest));
            for (int half = 0; half < 2; half++)
            {
                float* from = x + 16 * half;
                Vector128<short> low = Round(from, inverse), high = Round(from + 8, inverse);
                int at = (block * PanelLayout.Block + 16 * half) * rows;
                Scatter(Vector128.Narrow(low, high).AsInt32(), to.Q + at, rows);
                sums[half] = Vector128.Sum(low + high);
                sums[2 + half] = Vector128.Sum((low + high) & LowPairs);
            }
            ScalarKernels.Finish(to, block * rows, scale, sums[0], sums[1], sums[2] + sums[3]);
        }
    }

    private static Vector128<short> LowPairs => Vector128.Create(0x00000000FFFFFFFFL).AsInt16(); // elements 0 and 1 of every four

    private static int Largest(Vector128<int> v)
    {
        v = Vector128.Max(v, Vector128.Shuffle(v, Vector128.Create(2, 3, 0, 1)));
        return Math.Max(v.GetElement(0), v.GetElement(1));
    }

    private static Vector256<short> Round(Vector256<float> a, Vector256<float> b, float inverse)
    {
        Vector256<float> factor = Vector256.Create(inverse), magic = Vector256.Create(CanonicalMath.RoundingMagic);
        Vector256<int> bits = Vector256.Create(MagicBits);
        return Vector256.Narrow((a * factor + magic).AsInt32() - bits, (b * factor + magic).AsInt32() - bits);
    }

    private static void Store(Vector256<short> first, Vector256<short> second, QuantizedRows to, int block, int rows)
    {
        int at = block * PanelLayout.Block * rows;
        Vector256<int> q = Vector256.Narrow(first, second).AsInt32();
        if (rows == 1)
        {
            q.Store((int*)(to.Q + at));
            return;
        }
        Scatter(q.GetLower(), to.Q + at, rows);
        Scatter(q.GetUpper(), to.Q + at + 16 * rows, rows);
    }

    // Four groups of four bytes, each as far apart as the rows of a tile ask.
    private static void Scatter(Vector128<int> groups, sbyte* to, int rows)
    {
        for (int i = 0; i < 4; i++) *(int*)(to + 4 * i * rows) = groups.GetElement(i);
    }

    private static Vector128<short> Round(float* from, float inverse)
    {
        if (inverse == 0) return default;
        Vector128<float> factor = Vector128.Create(inverse), magic = Vector128.Create(CanonicalMath.RoundingMagic);
        Vector128<int> bits = Vector128.Create(MagicBits);
        return Vector128.Narrow((Vector128.Load(from) * factor + magic).AsInt32() - bits, (Vector128.Load(from + 4) * factor + magic).AsInt32() - bits);
    }
}
