using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Sixteen lanes in one 512-bit vector.</summary>
internal unsafe struct Lanes512(Vector512<float> v0) : ILanes<Lanes512>
{
    internal Vector512<float> V0 = v0;

    public static int Vectors
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(float* from) => new(Vector512.Load(from + 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Create(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref Lanes512 sum, Lanes512 a, Lanes512 b) => sum.V0 = Vector512.FusedMultiplyAdd(a.V0, b.V0, sum.V0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref Lanes512 sum, Lanes512 a, float* b) => sum.V0 = Vector512.FusedMultiplyAdd(a.V0, Vector512.Create(*b), sum.V0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProducts(ref Lanes512 sum, ref Lanes512 other, Lanes512 a, Lanes512 c, float* b)
    {
        Vector512<float> f = Vector512.Create(*b);
        sum.V0 = Vector512.FusedMultiplyAdd(a.V0, f, sum.V0);
        other.V0 = Vector512.FusedMultiplyAdd(c.V0, f, other.V0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadHalf(Half* from) => new(Widen(from + 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadHalfPairs(byte* from)
    {
        Vector512<int> high = HighHalves(from);
        return new(((high >> 3) & Vector512.Create(unchecked((int)0x8FFFE000))).AsSingle() * Vector512.Create(5.192297E+33f)); // 2^112
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadBFloat16Pairs(byte* from) => new(HighHalves(from).AsSingle());

    // Each pair's number at the top of its lane, zeros below: lanes 0 to 7 take the lower ones, lanes 8 to 15 the upper. One permutation, where inserting
    // halves would wait for a register's last value.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> HighHalves(byte* from)
    {
        if (!Avx512F.IsSupported)
        {
            Vector256<int> pairs = Vector256.Load((int*)from);
            return Vector512.Create(pairs << 16, pairs & Vector256.Create(unchecked((int)0xFFFF0000)));
        }
        return Avx512BW.PermuteVar32x16(Vector256.Load((ushort*)from).ToVector512(), Vector512.Create((ushort)31, 0, 31, 2, 31, 4, 31, 6, 31, 8, 31, 10, 31, 12, 31, 14, 31, 1, 31, 3, 31, 5, 31, 7, 31, 9, 31, 11, 31, 13, 31, 15)).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadBytes(byte* from) => new(Vector512.ConvertToSingle(Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(Vector128.Load(from))
        : Vector512.Create(Avx2.ConvertToVector256Int32(from), Avx2.ConvertToVector256Int32(from + 8))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* to)
    {
        V0.Store(to + 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator +(Lanes512 a, Lanes512 b) => new(a.V0 + b.V0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator -(Lanes512 a, Lanes512 b) => new(a.V0 - b.V0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator *(Lanes512 a, Lanes512 b) => new(a.V0 * b.V0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator /(Lanes512 a, Lanes512 b) => new(a.V0 / b.V0);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Fma(Lanes512 a, Lanes512 b, Lanes512 c) => new(Vector512.FusedMultiplyAdd(a.V0, b.V0, c.V0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Max(Lanes512 a, Lanes512 b) => new(Vector512.MaxNative(a.V0, b.V0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes512 a)
    {
        Vector256<float> eight = Vector256.MaxNative(a.V0.GetLower(), a.V0.GetUpper());
        Vector128<float> four = Vector128.MaxNative(eight.GetLower(), eight.GetUpper());
        four = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Exp(Lanes512 x) => new(Exp(x.V0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Select(uint mask, Lanes512 x, float other) => new(Select(mask, 0, x.V0, other));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyNotLessOrEqual(Lanes512 a, Lanes512 b) => !Vector512.LessThanOrEqualAll(a.V0, b.V0);

    // CanonicalMath.Exp, operation by operation; the bits of t hold the integer n in their lowest places, ready to become an exponent.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Exp(Vector512<float> x)
    {
        Vector512<float> t = Vector512.FusedMultiplyAdd(x, Vector512.Create(CanonicalMath.Log2E), Vector512.Create(CanonicalMath.RoundingMagic));
        Vector512<float> n = t - Vector512.Create(CanonicalMath.RoundingMagic);
        Vector512<float> r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-CanonicalMath.Ln2High), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-CanonicalMath.Ln2Low), r);
        Vector512<float> p = Vector512.Create(CanonicalMath.ExpCoefficients[0]);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(CanonicalMath.ExpCoefficients[1]));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(CanonicalMath.ExpCoefficients[2]));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(CanonicalMath.ExpCoefficients[3]));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(CanonicalMath.ExpCoefficients[4]));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(CanonicalMath.ExpCoefficients[5]));
        p = Vector512.FusedMultiplyAdd(p, r * r, r) + Vector512.Create(1f);
        p *= ((Vector512.AsInt32(t) << 23) + Vector512.Create(0x3F800000)).AsSingle();
        p = Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(CanonicalMath.ExpUnderflow)), Vector512<float>.Zero, p);
        return Vector512.ConditionalSelect(Vector512.GreaterThan(x, Vector512.Create(CanonicalMath.ExpOverflow)), Vector512.Create(float.PositiveInfinity), p);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Select(uint mask, int first, Vector512<float> x, float other)
    {
        Vector512<int> bit = Vector512.Create(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
        Vector512<int> clear = Vector512.Equals(Vector512.Create((int)(mask >> first)) & bit, Vector512<int>.Zero);
        return Vector512.ConditionalSelect(clear.AsSingle(), Vector512.Create(other), x);
    }

    // Exponent and mantissa move to their places in a binary32, whose bias is 112 greater; infinities and NaN get the largest exponent.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Widen(Half* from)
    {
        Vector512<int> bits = Avx512F.IsSupported
            ? Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)from))
            : Vector512.Create(Avx2.ConvertToVector256Int32((ushort*)from), Avx2.ConvertToVector256Int32((ushort*)from + 8));
        Vector512<int> magnitude = (bits & Vector512.Create(0x7FFF)) << 13;
        Vector512<float> value = magnitude.AsSingle() * Vector512.Create(5.192297E+33f);
        Vector512<int> special = Vector512.GreaterThanOrEqual(magnitude, Vector512.Create(0x7C00 << 13));
        Vector512<int> result = value.AsInt32() | (special & Vector512.Create(0x7F800000)) | (bits & Vector512.Create(0x8000)) << 16;
        return result.AsSingle();
    }
}
