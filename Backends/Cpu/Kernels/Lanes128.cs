using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Sixteen lanes in four 128-bit vectors.</summary>
internal readonly unsafe struct Lanes128(Vector128<float> v0, Vector128<float> v1, Vector128<float> v2, Vector128<float> v3) : ILanes<Lanes128>
{
    private readonly Vector128<float> _v0 = v0;
    private readonly Vector128<float> _v1 = v1;
    private readonly Vector128<float> _v2 = v2;
    private readonly Vector128<float> _v3 = v3;

    public static int Vectors
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* from) => new(Vector128.Load(from + 0), Vector128.Load(from + 4), Vector128.Load(from + 8), Vector128.Load(from + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Create(float value)
    {
        Vector128<float> v = Vector128.Create(value);
        return new(v, v, v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref Lanes128 sum, Lanes128 a, Lanes128 b) => sum = Fma(a, b, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref Lanes128 sum, Lanes128 a, float* b) => sum = Fma(a, Create(*b), sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProducts(ref Lanes128 sum, ref Lanes128 other, Lanes128 a, Lanes128 c, float* b)
    {
        AddProduct(ref sum, a, b);
        AddProduct(ref other, c, b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadHalf(Half* from) => new(Widen(from + 0), Widen(from + 4), Widen(from + 8), Widen(from + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadHalfPairs(byte* from)
    {
        Vector128<int> a = Vector128.Load((int*)from), b = Vector128.Load((int*)from + 4), mask = Vector128.Create(unchecked((int)0x8FFFE000));
        Vector128<float> scale = Vector128.Create(5.192297E+33f); // 2^112, between the two biases
        return new(
            ((a << 16 >> 3) & mask).AsSingle() * scale, ((b << 16 >> 3) & mask).AsSingle() * scale,
            ((a >> 3) & mask).AsSingle() * scale, ((b >> 3) & mask).AsSingle() * scale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadBFloat16Pairs(byte* from)
    {
        Vector128<int> a = Vector128.Load((int*)from), b = Vector128.Load((int*)from + 4), mask = Vector128.Create(unchecked((int)0xFFFF0000));
        return new((a << 16).AsSingle(), (b << 16).AsSingle(), (a & mask).AsSingle(), (b & mask).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadBytes(byte* from)
    {
        Vector128<byte> bytes = Vector128.Load(from);
        Vector128<ushort> low = Vector128.WidenLower(bytes), high = Vector128.WidenUpper(bytes);
        return new(
            Vector128.ConvertToSingle(Vector128.WidenLower(low).AsInt32()), Vector128.ConvertToSingle(Vector128.WidenUpper(low).AsInt32()),
            Vector128.ConvertToSingle(Vector128.WidenLower(high).AsInt32()), Vector128.ConvertToSingle(Vector128.WidenUpper(high).AsInt32()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* to)
    {
        _v0.Store(to + 0);
        _v1.Store(to + 4);
        _v2.Store(to + 8);
        _v3.Store(to + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator +(Lanes128 a, Lanes128 b) => new(a._v0 + b._v0, a._v1 + b._v1, a._v2 + b._v2, a._v3 + b._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator -(Lanes128 a, Lanes128 b) => new(a._v0 - b._v0, a._v1 - b._v1, a._v2 - b._v2, a._v3 - b._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator *(Lanes128 a, Lanes128 b) => new(a._v0 * b._v0, a._v1 * b._v1, a._v2 * b._v2, a._v3 * b._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator /(Lanes128 a, Lanes128 b) => new(a._v0 / b._v0, a._v1 / b._v1, a._v2 / b._v2, a._v3 / b._v3);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Fma(Lanes128 a, Lanes128 b, Lanes128 c) => new(Vector128.FusedMultiplyAdd(a._v0, b._v0, c._v0), Vector128.FusedMultiplyAdd(a._v1, b._v1, c._v1), Vector128.FusedMultiplyAdd(a._v2, b._v2, c._v2), Vector128.FusedMultiplyAdd(a._v3, b._v3, c._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Max(Lanes128 a, Lanes128 b) => new(Vector128.MaxNative(a._v0, b._v0), Vector128.MaxNative(a._v1, b._v1), Vector128.MaxNative(a._v2, b._v2), Vector128.MaxNative(a._v3, b._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes128 a)
    {
        Vector128<float> four = Vector128.MaxNative(Vector128.MaxNative(a._v0, a._v1), Vector128.MaxNative(a._v2, a._v3));
        four = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Exp(Lanes128 x) => new(Exp(x._v0), Exp(x._v1), Exp(x._v2), Exp(x._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Select(uint mask, Lanes128 x, float other) => new(Select(mask, 0, x._v0, other), Select(mask, 4, x._v1, other), Select(mask, 8, x._v2, other), Select(mask, 12, x._v3, other));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyNotLessOrEqual(Lanes128 a, Lanes128 b) => !Vector128.LessThanOrEqualAll(a._v0, b._v0) || !Vector128.LessThanOrEqualAll(a._v1, b._v1) || !Vector128.LessThanOrEqualAll(a._v2, b._v2) || !Vector128.LessThanOrEqualAll(a._v3, b._v3);

    // CanonicalMath.Exp, operation by operation; the bits of t hold the integer n in their lowest places, ready to become an exponent.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Exp(Vector128<float> x)
    {
        Vector128<float> t = Vector128.FusedMultiplyAdd(x, Vector128.Create(CanonicalMath.Log2E), Vector128.Create(CanonicalMath.RoundingMagic));
        Vector128<float> n = t - Vector128.Create(CanonicalMath.RoundingMagic);
        Vector128<float> r = Vector128.FusedMultiplyAdd(n, Vector128.Create(-CanonicalMath.Ln2High), x);
        r = Vector128.FusedMultiplyAdd(n, Vector128.Create(-CanonicalMath.Ln2Low), r);
        Vector128<float> p = Vector128.Create(CanonicalMath.ExpCoefficients[0]);
        p = Vector128.FusedMultiplyAdd(p, r, Vector128.Create(CanonicalMath.ExpCoefficients[1]));
        p = Vector128.FusedMultiplyAdd(p, r, Vector128.Create(CanonicalMath.ExpCoefficients[2]));
        p = Vector128.FusedMultiplyAdd(p, r, Vector128.Create(CanonicalMath.ExpCoefficients[3]));
        p = Vector128.FusedMultiplyAdd(p, r, Vector128.Create(CanonicalMath.ExpCoefficients[4]));
        p = Vector128.FusedMultiplyAdd(p, r, Vector128.Create(CanonicalMath.ExpCoefficients[5]));
        p = Vector128.FusedMultiplyAdd(p, r * r, r) + Vector128.Create(1f);
        p *= ((Vector128.AsInt32(t) << 23) + Vector128.Create(0x3F800000)).AsSingle();
        p = Vector128.ConditionalSelect(Vector128.LessThan(x, Vector128.Create(CanonicalMath.ExpUnderflow)), Vector128<float>.Zero, p);
        return Vector128.ConditionalSelect(Vector128.GreaterThan(x, Vector128.Create(CanonicalMath.ExpOverflow)), Vector128.Create(float.PositiveInfinity), p);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Select(uint mask, int first, Vector128<float> x, float other)
    {
        Vector128<int> bit = Vector128.Create(1, 2, 4, 8);
        Vector128<int> clear = Vector128.Equals(Vector128.Create((int)(mask >> first)) & bit, Vector128<int>.Zero);
        return Vector128.ConditionalSelect(clear.AsSingle(), Vector128.Create(other), x);
    }

    // Exponent and mantissa move to their places in a binary32, whose bias is 112 greater; infinities and NaN get the largest exponent.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Widen(Half* from)
    {
        Vector128<int> bits = Vector128.WidenLower(Vector128.Create(Vector64.Load((ushort*)from), default)).AsInt32();
        Vector128<int> magnitude = (bits & Vector128.Create(0x7FFF)) << 13;
        Vector128<float> value = magnitude.AsSingle() * Vector128.Create(5.192297E+33f);
        Vector128<int> special = Vector128.GreaterThanOrEqual(magnitude, Vector128.Create(0x7C00 << 13));
        Vector128<int> result = value.AsInt32() | (special & Vector128.Create(0x7F800000)) | (bits & Vector128.Create(0x8000)) << 16;
        return result.AsSingle();
    }
}
