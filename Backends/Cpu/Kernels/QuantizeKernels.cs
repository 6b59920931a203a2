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

    private const int Together = 4; // blocks whose maxima and sums lie in one vector

    /// <summary>Four blocks at a time: what is one number a block is computed for all four at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize256(float* x, int count, int rows, QuantizedRows to)
    {
        int blocks = count / PanelLayout.Block, block = 0;
        float* factors = stackalloc float[Together];
        int* keep = stackalloc int[Together];
        for (; block <= blocks - Together; block += Together, x += Together * PanelLayout.Block)
        {
            Vector128<int> bits = Transposed(Largest(x), Largest(x + 32), Largest(x + 64), Largest(x + 96));
            Vector128<float> largest = bits.AsSingle();
            Vector128<int> isBad = Vector128.GreaterThan(bits, Vector128.Create(0x7F7FFFFF)), isSmall = Vector128.LessThan(largest, Vector128.Create(ScalarKernels.SmallestMagnitude)).AsInt32();
            Vector128<float> scale = Vector128.ConditionalSelect(isBad.AsSingle(), Vector128.Create(float.NaN), Vector128.AndNot(largest / Vector128.Create(127f), isSmall.AsSingle()));
            (Vector128.Create(127f) / largest).Store(factors);
            (~(isBad | isSmall)).Store(keep);
            Vector256<short> sums = Transposed(
                Sums(x, factors[0], keep[0], to.Q + block * PanelLayout.Block * rows, rows),
                Sums(x + 32, factors[1], keep[1], to.Q + (block + 1) * PanelLayout.Block * rows, rows),
                Sums(x + 64, factors[2], keep[2], to.Q + (block + 2) * PanelLayout.Block * rows, rows),
                Sums(x + 96, factors[3], keep[3], to.Q + (block + 3) * PanelLayout.Block * rows, rows));
            Vector128<short> pairs = sums.GetLower() + sums.GetUpper(), ones = Vector128<short>.One;
            Vector128<int> first = Sse2.MultiplyAddAdjacent(sums.GetLower(), ones), second = Sse2.MultiplyAddAdjacent(sums.GetUpper(), ones), all = first + second;
            int at = block * rows;
            Store(scale.AsInt32(), (int*)to.Scale + at, rows);
            Store((scale * Vector128.ConvertToSingle(all)).AsInt32(), (int*)to.ScaledSum + at, rows);
            Store((first & Vector128.Create(0xFFFF)) | second << 16, to.HalfSums + at, rows);
            Store(Vector128<int>.Zero - (all << 7), to.ByteOffsets + at, rows);
            Store((Vector128<short>.Zero - (pairs << 3)).AsInt32(), to.NibbleOffsets + at, rows);
        }
        if (block < blocks) ScalarKernels.Quantize(x, (blocks - block) * PanelLayout.Block, rows, to.Skip((long)block * PanelLayout.Block * rows, block * rows));
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

    /// <summary>The largest magnitudes of a block by their bits: one of these four is its largest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Largest(float* x)
    {
        Vector256<int> magnitude = Vector256.Create(0x7FFFFFFF), a = Vector256.Load((int*)x) & magnitude, b = Vector256.Load((int*)x + 8) & magnitude;
        a = Vector256.Max(Vector256.Max(a, b), Vector256.Max(Vector256.Load((int*)x + 16) & magnitude, Vector256.Load((int*)x + 24) & magnitude));
        return Vector128.Max(a.GetLower(), a.GetUpper());
    }

    /// <summary>The largest of each of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Transposed(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d)
    {
        a = Vector128.Max(Sse2.UnpackLow(a, b), Sse2.UnpackHigh(a, b));
        c = Vector128.Max(Sse2.UnpackLow(c, d), Sse2.UnpackHigh(c, d));
        return Vector128.Max(Sse2.UnpackLow(a.AsInt64(), c.AsInt64()).AsInt32(), Sse2.UnpackHigh(a.AsInt64(), c.AsInt64()).AsInt32());
    }

    /// <summary>The sums of four vectors' pairs, of the first halves in the lower half and of the others in the upper one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Transposed(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d)
    {
        a = (Avx2.UnpackLow(a, b).AsInt16() + Avx2.UnpackHigh(a, b).AsInt16()).AsInt32();
        c = (Avx2.UnpackLow(c, d).AsInt16() + Avx2.UnpackHigh(c, d).AsInt16()).AsInt32();
        return Avx2.UnpackLow(a.AsInt64(), c.AsInt64()).AsInt16() + Avx2.UnpackHigh(a.AsInt64(), c.AsInt64()).AsInt16();
    }

    /// <summary>Rounds and stores a block; what each four of its elements sum to in pairs, elements k with k mod 4 below 2 and the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Sums(float* x, float factor, int keep, sbyte* to, int rows)
    {
        Vector256<float> f = Vector256.Create(factor);
        Vector256<short> ab = Avx2.PackSignedSaturate(Rounded(x, f), Rounded(x + 8, f)), cd = Avx2.PackSignedSaturate(Rounded(x + 16, f), Rounded(x + 24, f));
        Vector256<int> q = Avx2.PermuteVar8x32(Avx2.PackSignedSaturate(ab, cd).AsInt32(), Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)) & Vector256.Create(keep);
        if (rows == 1)
        {
            q.Store((int*)to);
        }
        else
        {
            Scatter(q.GetLower(), to, rows);
            Scatter(q.GetUpper(), to + 16 * rows, rows);
        }
        return Avx2.MultiplyAddAdjacent(Vector256.Create((byte)1), q.AsSByte()).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Rounded(float* x, Vector256<float> factor) =>
        (Vector256.Load(x) * factor + Vector256.Create(CanonicalMath.RoundingMagic)).AsInt32() - Vector256.Create(MagicBits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector128<int> numbers, int* to, int rows)
    {
        if (rows == 1) numbers.Store(to);
        else Scatter(numbers, (sbyte*)to, rows);
    }

    // Four groups of four bytes, each as far apart as the rows of a tile ask.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scatter(Vector128<int> groups, sbyte* to, int rows)
    {
        *(int*)to = groups.GetElement(0);
        *(int*)(to + 4 * rows) = groups.GetElement(1);
        *(int*)(to + 8 * rows) = groups.GetElement(2);
        *(int*)(to + 12 * rows) = groups.GetElement(3);
    }

    private static Vector128<short> Round(float* from, float inverse)
    {
        if (inverse == 0) return default;
        Vector128<float> factor = Vector128.Create(inverse), magic = Vector128.Create(CanonicalMath.RoundingMagic);
        Vector128<int> bits = Vector128.Create(MagicBits);
        return Vector128.Narrow((Vector128.Load(from) * factor + magic).AsInt32() - bits, (Vector128.Load(from + 4) * factor + magic).AsInt32() - bits);
    }
}
