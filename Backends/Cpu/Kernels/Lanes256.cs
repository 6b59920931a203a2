using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Sixteen lanes in two 256-bit vectors.</summary>
internal unsafe struct Lanes256(Vector256<float> v0, Vector256<float> v1) : ILanes<Lanes256>
{
    internal Vector256<float> V0 = v0;
    internal Vector256<float> V1 = v1;

    public static int Vectors
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* from) => new(Vector256.Load(from + 0), Vector256.Load(from + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Create(float value)
    {
        Vector256<float> v = Vector256.Create(value);
        return new(v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref Lanes256 sum, Lanes256 a, Lanes256 b)
    {
        sum.V0 = Vector256.FusedMultiplyAdd(a.V0, b.V0, sum.V0);
        sum.V1 = Vector256.FusedMultiplyAdd(a.V1, b.V1, sum.V1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref Lanes256 sum, Lanes256 a, float* b)
    {
        Vector256<float> f = Vector256.Create(*b);
        sum.V0 = Vector256.FusedMultiplyAdd(a.V0, f, sum.V0);
        sum.V1 = Vector256.FusedMultiplyAdd(a.V1, f, sum.V1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProducts(ref Lanes256 sum, ref Lanes256 other, Lanes256 a, Lanes256 c, float* b)
    {
        AddProduct(ref sum, a, b);
        AddProduct(ref other, c, b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadHalf(Half* from) => new(Widen(from + 0), Widen(from + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadHalfPairs(byte* from)
    {
        Vector256<int> pairs = Vector256.Load((int*)from), mask = Vector256.Create(unchecked((int)0x8FFFE000));
        Vector256<float> scale = Vector256.Create(5.192297E+33f); // 2^112, between the two biases
        return new(((pairs << 16 >> 3) & mask).AsSingle() * scale, ((pairs >> 3) & mask).AsSingle() * scale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadBFloat16Pairs(byte* from)
    {
        Vector256<int> pairs = Vector256.Load((int*)from);
        return new((pairs << 16).AsSingle(), (pairs & Vector256.Create(unchecked((int)0xFFFF0000))).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadBytes(byte* from)
    {
        Vector256<ushort> words = Vector256.WidenLower(Vector256.Create(Vector128.Load(from), default));
        return new(Vector256.ConvertToSingle(Vector256.WidenLower(words).AsInt32()), Vector256.ConvertToSingle(Vector256.WidenUpper(words).AsInt32()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* to)
    {
        V0.Store(to + 0);
        V1.Store(to + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator +(Lanes256 a, Lanes256 b) => new(a.V0 + b.V0, a.V1 + b.V1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 a, Lanes256 b) => new(a.V0 - b.V0, a.V1 - b.V1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator *(Lanes256 a, Lanes256 b) => new(a.V0 * b.V0, a.V1 * b.V1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator /(Lanes256 a, Lanes256 b) => new(a.V0 / b.V0, a.V1 / b.V1);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Fma(Lanes256 a, Lanes256 b, Lanes256 c) => new(Vector256.FusedMultiplyAdd(a.V0, b.V0, c.V0), Vector256.FusedMultiplyAdd(a.V1, b.V1, c.V1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Max(Lanes256 a, Lanes256 b) => new(Vector256.MaxNative(a.V0, b.V0), Vector256.MaxNative(a.V1, b.V1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes256 a)
    {
        Vector256<float> eight = Vector256.MaxNative(a.V0, a.V1);
        Vector128<float> four = Vector128.MaxNative(eight.GetLower(), eight.GetUpper());
        four = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Exp(Lanes256 x) => new(Exp(x.V0), Exp(x.V1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Select(uint mask, Lanes256 x, float other) => new(Select(mask, 0, x.V0, other), Select(mask, 8, x.V1, other));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyNotLessOrEqual(Lanes256 a, Lanes256 b) => !Vector256.LessThanOrEqualAll(a.V0, b.V0) || !Vector256.LessThanOrEqualAll(a.V1, b.V1);

    // CanonicalMath.Exp, operation by operation; the bits of t hold the integer n in their lowest places, ready to become an exponent.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Exp(Vector256<float> x)
    {
        Vector256<float> t = Vector256.FusedMultiplyAdd(x, Vector256.Create(CanonicalMath.Log2E), Vector256.Create(CanonicalMath.RoundingMagic));
        Vector256<float> n = t - Vector256.Create(CanonicalMath.RoundingMagic);
        Vector256<float> r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-CanonicalMath.Ln2High), x);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-CanonicalMath.Ln2Low), r);
        Vector256<float> p = Vector256.Create(CanonicalMath.ExpCoefficients[0]);
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(CanonicalMath.ExpCoefficients[1]));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(CanonicalMath.ExpCoefficients[2]));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(CanonicalMath.ExpCoefficients[3]));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(CanonicalMath.ExpCoefficients[4]));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(CanonicalMath.ExpCoefficients[5]));
        p = Vector256.FusedMultiplyAdd(p, r * r, r) + Vector256.Create(1f);
        p *= ((Vector256.AsInt32(t) << 23) + Vector256.Create(0x3F800000)).AsSingle();
        p = Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256.Create(CanonicalMath.ExpUnderflow)), Vector256<float>.Zero, p);
        return Vector256.ConditionalSelect(Vector256.GreaterThan(x, Vector256.Create(CanonicalMath.ExpOverflow)), Vector256.Create(float.PositiveInfinity), p);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Select(uint mask, int first, Vector256<float> x, float other)
    {
        Vector256<int> bit = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
        Vector256<int> clear = Vector256.Equals(Vector256.Create((int)(mask >> first)) & bit, Vector256<int>.Zero);
        return Vector256.ConditionalSelect(clear.AsSingle(), Vector256.Create(other), x);
    }

    // Exponent and mantissa move to their places in a binary32, whose bias is 112 greater; infinities and NaN get the largest exponent.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Widen(Half* from)
    {
        Vector256<int> bits = Vector256.WidenLower(Vector256.Create(Vector128.Load((ushort*)from), default)).AsInt32();
        Vector256<int> magnitude = (bits & Vector256.Create(0x7FFF)) << 13;
        Vector256<float> value = magnitude.AsSingle() * Vector256.Create(5.192297E+33f);
        Vector256<int> special = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(0x7C00 << 13));
        Vector256<int> result = value.AsInt32() | (special & Vector256.Create(0x7F800000)) | (bits & Vector256.Create(0x8000)) << 16;
        return result.AsSingle();
    }
}
