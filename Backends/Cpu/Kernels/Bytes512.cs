using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Sixteen lanes in one AVX-512 vector; products by <c>vpmaddubsw</c>. Where the processor has no AVX-512, tests run it in two halves.</summary>
internal readonly unsafe struct Bytes512(Vector512<byte> v0) : IBytes<Bytes512, Lanes512>
{
    private readonly Vector512<byte> _v0 = v0;

    public static bool Narrow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => true;
    }

    public static bool HasSign
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    public static int TileRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 6;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Load(byte* from) => new(Vector512.Load(from + 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Create(byte value)
    {
        Vector512<byte> v = Vector512.Create(value);
        return new(v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Create(int value)
    {
        Vector512<byte> v = Vector512.Create(value).AsByte();
        return new(v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Broadcast(void* from)
    {
        Vector512<byte> v = Vector512.Create(*(float*)from).AsByte();
        return new(v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 LoadPairs(sbyte* from) => LoadPairs(from, from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 LoadPairs(sbyte* lower, sbyte* upper) => new(Pair(lower + 0, upper + 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 operator &(Bytes512 a, Bytes512 b) => new(a._v0 & b._v0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 operator |(Bytes512 a, Bytes512 b) => new(a._v0 | b._v0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 operator ^(Bytes512 a, Bytes512 b) => new(a._v0 ^ b._v0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 ShiftRight(Bytes512 a, Bytes512 count) => new(ShiftRight(a._v0.AsUInt32(), count._v0.AsUInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 ShiftRight4(Bytes512 a) => new((a._v0.AsUInt32() >> 4).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 ShiftLeft4(Bytes512 a) => new((a._v0.AsUInt32() << 4).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 OddBytes(Bytes512 a) => new((a._v0.AsUInt16() >> 8).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 AddProducts(Bytes512 sums, Bytes512 bytes, Bytes512 x) => new(AddProducts(sums._v0, bytes._v0, x._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Magnitudes(Bytes512 a) => new(Vector512.Abs(a._v0.AsSByte()).AsByte());

    public static Bytes512 AddSignedProducts(Bytes512 sums, Bytes512 bytes, Bytes512 magnitudes, Bytes512 x, Bytes512 ones) =>
        throw new NotSupportedException("This form multiplies signed bytes as 16-bit numbers.");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 AddWordProducts(Bytes512 sums, Bytes512 a, Bytes512 b) => new(AddWordProducts(sums._v0, a._v0, b._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 WordProducts(Bytes512 a, Bytes512 b) => new(WordProducts(a._v0, b._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Widen(Bytes512 sums) => new(Widen(sums._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Widen(Bytes512 sums, Bytes512 pairs) => new(Widen(sums._v0, pairs._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Add(Bytes512 a, Bytes512 b) => new((a._v0.AsInt32() + b._v0.AsInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 SubtractShifted(Bytes512 a, Bytes512 b, int shift) => new((a._v0.AsInt32() - (b._v0.AsInt32() << shift)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 ToFloat(Bytes512 a) => new(Vector512.ConvertToSingle(a._v0.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Pair(sbyte* lower, sbyte* upper) =>
        ((Lanes(lower) & Vector512.Create(0xFFFF)) | Lanes(upper) << 16).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Lanes(sbyte* from) =>
        Vector512.WidenLower(Vector512.Create(Vector256.WidenLower(Vector256.Create(Vector128.Load(from), default)), default));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> AddProducts(Vector512<byte> sums, Vector512<byte> bytes, Vector512<byte> x) =>
        (sums.AsInt16() + MultiplyAdd(bytes, x.AsSByte())).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> AddWordProducts(Vector512<byte> sums, Vector512<byte> a, Vector512<byte> b) =>
        (sums.AsInt32() + MultiplyAdd(a.AsInt16(), b.AsInt16())).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> WordProducts(Vector512<byte> a, Vector512<byte> b) => MultiplyAdd(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Widen(Vector512<byte> sums) => MultiplyAdd(sums.AsInt16(), Vector512<short>.One).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Widen(Vector512<byte> sums, Vector512<byte> pairs) => MultiplyAdd(sums.AsInt16(), pairs.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> ShiftRight(Vector512<uint> a, Vector512<uint> count) => Avx512F.IsSupported
        ? Avx512F.ShiftRightLogicalVariable(a, count)
        : Vector512.Create(Avx2.ShiftRightLogicalVariable(a.GetLower(), count.GetLower()), Avx2.ShiftRightLogicalVariable(a.GetUpper(), count.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> MultiplyAdd(Vector512<byte> a, Vector512<sbyte> b) => Avx512BW.IsSupported
        ? Avx512BW.MultiplyAddAdjacent(a, b)
        : Vector512.Create(Avx2.MultiplyAddAdjacent(a.GetLower(), b.GetLower()), Avx2.MultiplyAddAdjacent(a.GetUpper(), b.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> MultiplyAdd(Vector512<short> a, Vector512<short> b) => Avx512BW.IsSupported
        ? Avx512BW.MultiplyAddAdjacent(a, b)
        : Vector512.Create(Avx2.MultiplyAddAdjacent(a.GetLower(), b.GetLower()), Avx2.MultiplyAddAdjacent(a.GetUpper(), b.GetUpper()));
}
