using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Loops of nothing but multiplications, as many chains as hide their latency.</summary>
internal struct PeakWork : IWork
{
    internal enum Kind
    {
        Int8,
        Fp32,
    }

    public Kind What;
    public Isa Isa;
    public int Turns;
    public unsafe long* Results;

    public readonly unsafe void Run(int chunk, int worker) =>
        Results[8 * worker] += What == Kind.Int8 ? PeakLoops.Int8(Isa, Turns) : PeakLoops.Fp32(Isa, Turns);
}

/// <summary>The loops and how many products one turn has.</summary>
internal static class PeakLoops
{
    private const int Chains = 12;

    public static int Products(PeakWork.Kind kind, Isa isa) => kind == PeakWork.Kind.Fp32
        ? Chains * (isa == Isa.Avx512 ? 16 : isa >= Isa.Avx2 ? 8 : 4)
        : Chains * (isa == Isa.Avx512 && !AvxVnni.IsSupported ? 64 : isa >= Isa.Avx2 ? 32 : 8);

    public static long Int8(Isa isa, int turns) => isa switch
    {
        Isa.AvxVnni or Isa.Avx512 when AvxVnni.IsSupported => Vnni(turns),
        Isa.Avx512 => MultiplyAdd512(turns),
        Isa.Avx2 => MultiplyAdd256(turns),
        _ => MultiplyAdd128(turns),
    };

    public static long Fp32(Isa isa, int turns) => isa switch
    {
        Isa.Avx512 => Fused512(turns),
        Isa.Avx2 or Isa.AvxVnni => Fused256(turns),
        _ => Fused128(turns),
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Vnni(int turns)
    {
        Vector256<byte> w = Vector256.Create((byte)3);
        Vector256<sbyte> x = Vector256.Create((sbyte)1);
        Vector256<int> a = default, b = default, c = default, d = default, e = default, f = default;
        Vector256<int> g = default, h = default, i = default, j = default, k = default, l = default;
        for (int n = 0; n < turns; n++)
        {
            a = AvxVnni.MultiplyWideningAndAdd(a, w, x);
            b = AvxVnni.MultiplyWideningAndAdd(b, w, x);
            c = AvxVnni.MultiplyWideningAndAdd(c, w, x);
            d = AvxVnni.MultiplyWideningAndAdd(d, w, x);
            e = AvxVnni.MultiplyWideningAndAdd(e, w, x);
            f = AvxVnni.MultiplyWideningAndAdd(f, w, x);
            g = AvxVnni.MultiplyWideningAndAdd(g, w, x);
            h = AvxVnni.MultiplyWideningAndAdd(h, w, x);
            i = AvxVnni.MultiplyWideningAndAdd(i, w, x);
            j = AvxVnni.MultiplyWideningAndAdd(j, w, x);
            k = AvxVnni.MultiplyWideningAndAdd(k, w, x);
            l = AvxVnni.MultiplyWideningAndAdd(l, w, x);
        }
        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    // The operand depends on the sum, so that no product can be taken out of the loop.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long MultiplyAdd256(int turns)
    {
        Vector256<short> ones = Vector256<short>.One;
        Vector256<sbyte> x = Vector256.Create((sbyte)1);
        Vector256<int> a = default, b = default, c = default, d = default, e = default, f = default;
        Vector256<int> g = default, h = default, i = default, j = default, k = default, l = default;
        for (int n = 0; n < turns; n++)
        {
            a += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(a.AsByte(), x), ones);
            b += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(b.AsByte(), x), ones);
            c += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(c.AsByte(), x), ones);
            d += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(d.AsByte(), x), ones);
            e += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(e.AsByte(), x), ones);
            f += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(f.AsByte(), x), ones);
            g += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(g.AsByte(), x), ones);
            h += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(h.AsByte(), x), ones);
            i += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(i.AsByte(), x), ones);
            j += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(j.AsByte(), x), ones);
            k += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(k.AsByte(), x), ones);
            l += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(l.AsByte(), x), ones);
        }
        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long MultiplyAdd512(int turns)
    {
        Vector512<short> ones = Vector512<short>.One;
        Vector512<sbyte> x = Vector512.Create((sbyte)1);
        Vector512<int> a = default, b = default, c = default, d = default, e = default, f = default;
        Vector512<int> g = default, h = default, i = default, j = default, k = default, l = default;
        for (int n = 0; n < turns; n++)
        {
            a += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(a.AsByte(), x), ones);
            b += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(b.AsByte(), x), ones);
            c += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(c.AsByte(), x), ones);
            d += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(d.AsByte(), x), ones);
            e += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(e.AsByte(), x), ones);
            f += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(f.AsByte(), x), ones);
            g += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(g.AsByte(), x), ones);
            h += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(h.AsByte(), x), ones);
            i += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(i.AsByte(), x), ones);
            j += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(j.AsByte(), x), ones);
            k += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(k.AsByte(), x), ones);
            l += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(l.AsByte(), x), ones);
        }
        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    // Bytes widened to 16 bits, multiplied, and pairs added in 32: what 128-bit kernels do.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long MultiplyAdd128(int turns)
    {
        Vector128<short> x = Vector128<short>.One;
        Vector128<int> a = default, b = default, c = default, d = default, e = default, f = default;
        for (int n = 0; n < turns; n++)
        {
            a += (a.AsInt16() * x).AsInt32() >> 16;
            b += (b.AsInt16() * x).AsInt32() >> 16;
            c += (c.AsInt16() * x).AsInt32() >> 16;
            d += (d.AsInt16() * x).AsInt32() >> 16;
            e += (e.AsInt16() * x).AsInt32() >> 16;
            f += (f.AsInt16() * x).AsInt32() >> 16;
            a += (a.AsInt16() * x).AsInt32() >> 16;
            b += (b.AsInt16() * x).AsInt32() >> 16;
            c += (c.AsInt16() * x).AsInt32() >> 16;
            d += (d.AsInt16() * x).AsInt32() >> 16;
            e += (e.AsInt16() * x).AsInt32() >> 16;
            f += (f.AsInt16() * x).AsInt32() >> 16;
        }
        return Vector128.Sum(a + b + c + d + e + f);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Fused512(int turns)
    {
        Vector512<float> x = Vector512.Create(0.5f), y = Vector512.Create(0.25f);
        Vector512<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int n = 0; n < turns; n++)
        {
            a = Vector512.FusedMultiplyAdd(a, x, y);
            b = Vector512.FusedMultiplyAdd(b, x, y);
            c = Vector512.FusedMultiplyAdd(c, x, y);
            d = Vector512.FusedMultiplyAdd(d, x, y);
            e = Vector512.FusedMultiplyAdd(e, x, y);
            f = Vector512.FusedMultiplyAdd(f, x, y);
            g = Vector512.FusedMultiplyAdd(g, x, y);
            h = Vector512.FusedMultiplyAdd(h, x, y);
            i = Vector512.FusedMultiplyAdd(i, x, y);
            j = Vector512.FusedMultiplyAdd(j, x, y);
            k = Vector512.FusedMultiplyAdd(k, x, y);
            l = Vector512.FusedMultiplyAdd(l, x, y);
        }
        return (long)Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Fused256(int turns)
    {
        Vector256<float> x = Vector256.Create(0.5f), y = Vector256.Create(0.25f);
        Vector256<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int n = 0; n < turns; n++)
        {
            a = Vector256.FusedMultiplyAdd(a, x, y);
            b = Vector256.FusedMultiplyAdd(b, x, y);
            c = Vector256.FusedMultiplyAdd(c, x, y);
            d = Vector256.FusedMultiplyAdd(d, x, y);
            e = Vector256.FusedMultiplyAdd(e, x, y);
            f = Vector256.FusedMultiplyAdd(f, x, y);
            g = Vector256.FusedMultiplyAdd(g, x, y);
            h = Vector256.FusedMultiplyAdd(h, x, y);
            i = Vector256.FusedMultiplyAdd(i, x, y);
            j = Vector256.FusedMultiplyAdd(j, x, y);
            k = Vector256.FusedMultiplyAdd(k, x, y);
            l = Vector256.FusedMultiplyAdd(l, x, y);
        }
        return (long)Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Fused128(int turns)
    {
        Vector128<float> x = Vector128.Create(0.5f), y = Vector128.Create(0.25f);
        Vector128<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int n = 0; n < turns; n++)
        {
            a = Vector128.FusedMultiplyAdd(a, x, y);
            b = Vector128.FusedMultiplyAdd(b, x, y);
            c = Vector128.FusedMultiplyAdd(c, x, y);
            d = Vector128.FusedMultiplyAdd(d, x, y);
            e = Vector128.FusedMultiplyAdd(e, x, y);
            f = Vector128.FusedMultiplyAdd(f, x, y);
            g = Vector128.FusedMultiplyAdd(g, x, y);
            h = Vector128.FusedMultiplyAdd(h, x, y);
            i = Vector128.FusedMultiplyAdd(i, x, y);
            j = Vector128.FusedMultiplyAdd(j, x, y);
            k = Vector128.FusedMultiplyAdd(k, x, y);
            l = Vector128.FusedMultiplyAdd(l, x, y);
        }
        return (long)Vector128.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }
}
