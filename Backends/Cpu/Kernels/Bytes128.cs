using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Sixteen lanes in four 128-bit vectors of any processor.</summary>
internal unsafe struct Bytes128(Vector128<byte> v0, Vector128<byte> v1, Vector128<byte> v2, Vector128<byte> v3) : IBytes<Bytes128, Lanes128>
{
    private Vector128<byte> _v0 = v0;
    private Vector128<byte> _v1 = v1;
    private Vector128<byte> _v2 = v2;
    private Vector128<byte> _v3 = v3;

    public static bool Narrow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => true;
    }

    public static int MostSigned
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    public static int TileRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(byte* to)
    {
        _v0.Store(to + 0);
        _v1.Store(to + 16);
        _v2.Store(to + 32);
        _v3.Store(to + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 Load(byte* from) => new(Vector128.Load(from + 0), Vector128.Load(from + 16), Vector128.Load(from + 32), Vector128.Load(from + 48));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 Create(byte value)
    {
        Vector128<byte> v = Vector128.Create(value);
        return new(v, v, v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 Create(int value)
    {
        Vector128<byte> v = Vector128.Create(value).AsByte();
        return new(v, v, v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 Broadcast(void* from)
    {
        Vector128<byte> v = Vector128.Create(*(float*)from).AsByte();
        return new(v, v, v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 LoadPairs(sbyte* from) => LoadPairs(from, from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 LoadPairs(sbyte* lower, sbyte* upper) => new(Pair(lower + 0, upper + 0), Pair(lower + 4, upper + 4), Pair(lower + 8, upper + 8), Pair(lower + 12, upper + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 operator &(Bytes128 a, Bytes128 b) => new(a._v0 & b._v0, a._v1 & b._v1, a._v2 & b._v2, a._v3 & b._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 operator |(Bytes128 a, Bytes128 b) => new(a._v0 | b._v0, a._v1 | b._v1, a._v2 | b._v2, a._v3 | b._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 operator ^(Bytes128 a, Bytes128 b) => new(a._v0 ^ b._v0, a._v1 ^ b._v1, a._v2 ^ b._v2, a._v3 ^ b._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 ShiftRight(Bytes128 a, Bytes128 count) => new((a._v0.AsUInt32() >> (int)count._v0.AsUInt32().ToScalar()).AsByte(), (a._v1.AsUInt32() >> (int)count._v0.AsUInt32().ToScalar()).AsByte(), (a._v2.AsUInt32() >> (int)count._v0.AsUInt32().ToScalar()).AsByte(), (a._v3.AsUInt32() >> (int)count._v0.AsUInt32().ToScalar()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 ShiftRight4(Bytes128 a) => new((a._v0.AsUInt32() >> 4).AsByte(), (a._v1.AsUInt32() >> 4).AsByte(), (a._v2.AsUInt32() >> 4).AsByte(), (a._v3.AsUInt32() >> 4).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 ShiftLeft4(Bytes128 a) => new((a._v0.AsUInt32() << 4).AsByte(), (a._v1.AsUInt32() << 4).AsByte(), (a._v2.AsUInt32() << 4).AsByte(), (a._v3.AsUInt32() << 4).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProducts(ref Bytes128 sums, Bytes128 bytes, void* x)
    {
        Vector128<byte> f = Vector128.Create(*(float*)x).AsByte();
        sums._v0 = AddProducts(sums._v0, bytes._v0, f);
        sums._v1 = AddProducts(sums._v1, bytes._v1, f);
        sums._v2 = AddProducts(sums._v2, bytes._v2, f);
        sums._v3 = AddProducts(sums._v3, bytes._v3, f);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProducts(ref Bytes128 sums, Bytes128 bytes, Bytes128 x)
    {
        sums._v0 = AddProducts(sums._v0, bytes._v0, x._v0);
        sums._v1 = AddProducts(sums._v1, bytes._v1, x._v1);
        sums._v2 = AddProducts(sums._v2, bytes._v2, x._v2);
        sums._v3 = AddProducts(sums._v3, bytes._v3, x._v3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 Magnitudes(Bytes128 a) => new(Vector128.Abs(a._v0.AsSByte()).AsByte(), Vector128.Abs(a._v1.AsSByte()).AsByte(), Vector128.Abs(a._v2.AsSByte()).AsByte(), Vector128.Abs(a._v3.AsSByte()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 BelowHalf(Bytes128 a, Bytes128 ones) => new(Vector128.LessThan(a._v0, Vector128.Create((byte)128)), Vector128.LessThan(a._v1, Vector128.Create((byte)128)), Vector128.LessThan(a._v2, Vector128.Create((byte)128)), Vector128.LessThan(a._v3, Vector128.Create((byte)128)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddSignedProducts(ref Bytes128 sums, Bytes128 bytes, Bytes128 magnitudes, void* x, Bytes128 ones)
    {
        Vector128<byte> f = Vector128.Create(*(float*)x).AsByte();
        sums._v0 = AddSigned(sums._v0, bytes._v0, magnitudes._v0, f, ones._v0);
        sums._v1 = AddSigned(sums._v1, bytes._v1, magnitudes._v1, f, ones._v0);
        sums._v2 = AddSigned(sums._v2, bytes._v2, magnitudes._v2, f, ones._v0);
        sums._v3 = AddSigned(sums._v3, bytes._v3, magnitudes._v3, f, ones._v0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddFlippedProducts(ref Bytes128 sums, Bytes128 negative, Bytes128 magnitudes, void* x, Bytes128 ones)
    {
        Vector128<byte> f = Vector128.Create(*(float*)x).AsByte();
        sums._v0 = AddFlipped(sums._v0, negative._v0, magnitudes._v0, f, ones._v0);
        sums._v1 = AddFlipped(sums._v1, negative._v1, magnitudes._v1, f, ones._v0);
        sums._v2 = AddFlipped(sums._v2, negative._v2, magnitudes._v2, f, ones._v0);
        sums._v3 = AddFlipped(sums._v3, negative._v3, magnitudes._v3, f, ones._v0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 WordProducts(Bytes128 a, Bytes128 b) => new(WordProducts(a._v0, b._v0), WordProducts(a._v1, b._v1), WordProducts(a._v2, b._v2), WordProducts(a._v3, b._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 Widen(Bytes128 sums) => new(Widen(sums._v0), Widen(sums._v1), Widen(sums._v2), Widen(sums._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 Widen(Bytes128 sums, Bytes128 pairs) => new(Widen(sums._v0, pairs._v0), Widen(sums._v1, pairs._v1), Widen(sums._v2, pairs._v2), Widen(sums._v3, pairs._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 Add(Bytes128 a, Bytes128 b) => new((a._v0.AsInt32() + b._v0.AsInt32()).AsByte(), (a._v1.AsInt32() + b._v1.AsInt32()).AsByte(), (a._v2.AsInt32() + b._v2.AsInt32()).AsByte(), (a._v3.AsInt32() + b._v3.AsInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 Subtract(Bytes128 a, Bytes128 b) => new((a._v0.AsInt32() - b._v0.AsInt32()).AsByte(), (a._v1.AsInt32() - b._v1.AsInt32()).AsByte(), (a._v2.AsInt32() - b._v2.AsInt32()).AsByte(), (a._v3.AsInt32() - b._v3.AsInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes128 SubtractShifted(Bytes128 a, Bytes128 b, int shift) => new((a._v0.AsInt32() - (b._v0.AsInt32() << shift)).AsByte(), (a._v1.AsInt32() - (b._v1.AsInt32() << shift)).AsByte(), (a._v2.AsInt32() - (b._v2.AsInt32() << shift)).AsByte(), (a._v3.AsInt32() - (b._v3.AsInt32() << shift)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 AddTo(float* to, Bytes128 sums, Lanes128 scale, float* xScale) =>
        Lanes128.Fma(ToFloat(sums), scale * Lanes128.Create(*xScale), Lanes128.Load(to));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes128 ToFloat(Bytes128 a) => new(Vector128.ConvertToSingle(a._v0.AsInt32()), Vector128.ConvertToSingle(a._v1.AsInt32()), Vector128.ConvertToSingle(a._v2.AsInt32()), Vector128.ConvertToSingle(a._v3.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Pair(sbyte* lower, sbyte* upper) =>
        ((Lanes(lower) & Vector128.Create(0xFFFF)) | Lanes(upper) << 16).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Lanes(sbyte* from) => Vector128.Create(from[0], from[1], from[2], (int)from[3]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> AddProducts(Vector128<byte> sums, Vector128<byte> bytes, Vector128<byte> x) => (sums.AsInt16()
        + (bytes.AsInt16() & Vector128.Create((short)0xFF)) * (x.AsInt16() << 8 >> 8) + (bytes.AsUInt16() >> 8).AsInt16() * (x.AsInt16() >> 8)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> AddSigned(Vector128<byte> sums, Vector128<byte> bytes, Vector128<byte> magnitudes, Vector128<byte> x, Vector128<byte> ones)
    {
        Vector128<short> pairs = (bytes.AsInt16() << 8 >> 8) * (x.AsInt16() << 8 >> 8) + (bytes.AsInt16() >> 8) * (x.AsInt16() >> 8);
        return (sums.AsInt32() + Widen(pairs.AsByte()).AsInt32()).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> AddFlipped(Vector128<byte> sums, Vector128<byte> negative, Vector128<byte> magnitudes, Vector128<byte> x, Vector128<byte> ones) =>
        (sums.AsInt32() + Widen(AddProducts(default, magnitudes, negative ^ x)).AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> WordProducts(Vector128<byte> a, Vector128<byte> b) =>
        ((a.AsInt32() << 16 >> 16) * (b.AsInt32() << 16 >> 16) + (a.AsInt32() >> 16) * (b.AsInt32() >> 16)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Widen(Vector128<byte> sums) => ((sums.AsInt32() << 16 >> 16) + (sums.AsInt32() >> 16)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Widen(Vector128<byte> sums, Vector128<byte> pairs) => (Widen(sums).AsInt32() * (pairs.AsInt32() >> 16)).AsByte();
}
