using System.Runtime.CompilerServices;
using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Sixteen lanes, one after another.</summary>
internal unsafe struct LanesScalar : ILanes<LanesScalar>
{
    private Array16 _v;

    public static int Vectors
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 16;
    }

    public static LanesScalar Load(float* from)
    {
        LanesScalar result = default;
        for (int i = 0; i < 16; i++) result._v[i] = from[i];
        return result;
    }

    public static LanesScalar Create(float value)
    {
        LanesScalar result = default;
        for (int i = 0; i < 16; i++) result._v[i] = value;
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref LanesScalar sum, LanesScalar a, LanesScalar b) => sum = Fma(a, b, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref LanesScalar sum, LanesScalar a, float* b) => sum = Fma(a, Create(*b), sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProducts(ref LanesScalar sum, ref LanesScalar other, LanesScalar a, LanesScalar c, float* b)
    {
        AddProduct(ref sum, a, b);
        AddProduct(ref other, c, b);
    }

    public static LanesScalar LoadHalf(Half* from)
    {
        LanesScalar result = default;
        for (int i = 0; i < 16; i++) result._v[i] = (float)from[i];
        return result;
    }

    public static LanesScalar LoadHalfPairs(byte* from)
    {
        LanesScalar result = default;
        for (int i = 0; i < 16; i++) result._v[i] = (float)BitConverter.UInt16BitsToHalf(((ushort*)from)[PanelLayout.PairIndex(i)]);
        return result;
    }

    public static LanesScalar LoadBFloat16Pairs(byte* from)
    {
        LanesScalar result = default;
        for (int i = 0; i < 16; i++) result._v[i] = BitConverter.Int32BitsToSingle(((ushort*)from)[PanelLayout.PairIndex(i)] << 16);
        return result;
    }

    public static LanesScalar LoadBytes(byte* from)
    {
        LanesScalar result = default;
        for (int i = 0; i < 16; i++) result._v[i] = from[i];
        return result;
    }

    public readonly void Store(float* to)
    {
        for (int i = 0; i < 16; i++) to[i] = _v[i];
    }

    public static LanesScalar operator +(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++) a._v[i] += b._v[i];
        return a;
    }

    public static LanesScalar operator -(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++) a._v[i] -= b._v[i];
        return a;
    }

    public static LanesScalar operator *(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++) a._v[i] *= b._v[i];
        return a;
    }

    public static LanesScalar operator /(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++) a._v[i] /= b._v[i];
        return a;
    }

    public static LanesScalar Fma(LanesScalar a, LanesScalar b, LanesScalar c)
    {
        for (int i = 0; i < 16; i++) c._v[i] = MathF.FusedMultiplyAdd(a._v[i], b._v[i], c._v[i]);
        return c;
    }

    public static LanesScalar Max(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++) a._v[i] = a._v[i] > b._v[i] ? a._v[i] : b._v[i];
        return a;
    }

    public static float Largest(LanesScalar a)
    {
        float largest = a._v[0];
        for (int i = 1; i < 16; i++) largest = a._v[i] > largest ? a._v[i] : largest;
        return largest;
    }

    public static LanesScalar Exp(LanesScalar x)
    {
        for (int i = 0; i < 16; i++) x._v[i] = CanonicalMath.Exp(x._v[i]);
        return x;
    }

    public static LanesScalar Select(uint mask, LanesScalar x, float other)
    {
        for (int i = 0; i < 16; i++) x._v[i] = (mask >> i & 1) != 0 ? x._v[i] : other;
        return x;
    }

    public static bool AnyNotLessOrEqual(LanesScalar a, LanesScalar b)
    {
        bool any = false;
        for (int i = 0; i < 16; i++) any |= !(a._v[i] <= b._v[i]);
        return any;
    }

    [InlineArray(16)]
    private struct Array16
    {
        private float _first;
    }
}
