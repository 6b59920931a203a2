using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Sixteen lanes in one AVX-512 vector; products by <c>vpmaddubsw</c>. Where the processor has no AVX-512, tests run it in two halves.</summary>
internal unsafe struct Bytes512(Vector512<byte> v0) : IBytes<Bytes512, Lanes512>
{
    private Vector512<byte> _v0 = v0;

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
        get => 8;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(byte* to)
    {
        _v0.Store(to + 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Load(byte* from) => new(Vector512.Load(from + 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Create(byte value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Create(int value) => new(Vector512.Create(value).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Broadcast(void* from) => new(Vector512.Create(*(float*)from).AsByte());

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
    public static void AddProducts(ref Bytes512 sums, Bytes512 bytes, void* x)
    {
        Vector512<byte> f = Vector512.Create(*(float*)x).AsByte();
        if (Avx512BW.IsSupported) sums._v0 = (sums._v0.AsInt16() + Avx512BW.MultiplyAddAdjacent(bytes._v0, f.AsSByte())).AsByte();
        else sums._v0 = AddProducts(sums._v0, bytes._v0, f);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProducts(ref Bytes512 sums, Bytes512 bytes, Bytes512 x) => sums._v0 = AddProducts(sums._v0, bytes._v0, x._v0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Magnitudes(Bytes512 a) => new(Vector512.Abs(a._v0.AsSByte()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 BelowHalf(Bytes512 a, Bytes512 ones) => new(BelowHalf(a._v0, ones._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddSignedProducts(ref Bytes512 sums, Bytes512 bytes, Bytes512 magnitudes, void* x, Bytes512 ones)
    {
        Vector512<byte> f = Vector512.Create(*(float*)x).AsByte();
        sums._v0 = AddSigned(sums._v0, bytes._v0, magnitudes._v0, f, ones._v0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddFlippedProducts(ref Bytes512 sums, Bytes512 negative, Bytes512 magnitudes, void* x, Bytes512 ones)
    {
        Vector512<byte> f = Vector512.Create(*(float*)x).AsByte();
        sums._v0 = AddFlipped(sums._v0, negative._v0, magnitudes._v0, f, ones._v0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 WordProducts(Bytes512 a, Bytes512 b) => new(WordProducts(a._v0, b._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Widen(Bytes512 sums) => new(Widen(sums._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Widen(Bytes512 sums, Bytes512 pairs) => new(Widen(sums._v0, pairs._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Add(Bytes512 a, Bytes512 b) => new((a._v0.AsInt32() + b._v0.AsInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 Subtract(Bytes512 a, Bytes512 b) => new((a._v0.AsInt32() - b._v0.AsInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes512 SubtractShifted(Bytes512 a, Bytes512 b, int shift) => new((a._v0.AsInt32() - (b._v0.AsInt32() << shift)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 AddTo(float* to, Bytes512 sums, Lanes512 scale, float* xScale) =>
        new(Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(sums._v0.AsInt32()), scale.V0 * Vector512.Create(*xScale), Vector512.Load(to)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Pair(sbyte* lower, sbyte* upper) =>
        ((Lanes(lower) & Vector512.Create(0xFFFF)) | Lanes(upper) << 16).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Lanes(sbyte* from) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(Vector128.Load(from))
        : Vector512.Create(Avx2.ConvertToVector256Int32(from), Avx2.ConvertToVector256Int32(from + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> AddProducts(Vector512<byte> sums, Vector512<byte> bytes, Vector512<byte> x) =>
        (sums.AsInt16() + MultiplyAdd(bytes, x.AsSByte())).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> AddFlipped(Vector512<byte> sums, Vector512<byte> negative, Vector512<byte> magnitudes, Vector512<byte> x, Vector512<byte> ones)
    {
        // A pair is at least −2 · 128 · 128, which 16 bits just hold.
        Vector512<short> pairs = MultiplyAdd(magnitudes, (negative ^ x).AsSByte());
        return (sums.AsInt32() + MultiplyAdd(pairs, ones.AsInt16())).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> AddSigned(Vector512<byte> sums, Vector512<byte> bytes, Vector512<byte> magnitudes, Vector512<byte> x, Vector512<byte> ones)
    {
        Vector512<sbyte> isNegative = Vector512.LessThan(bytes.AsSByte(), Vector512<sbyte>.Zero);
        Vector512<short> pairs = MultiplyAdd(magnitudes, Vector512.ConditionalSelect(isNegative, -x.AsSByte(), x.AsSByte()));
        return (sums.AsInt32() + MultiplyAdd(pairs, ones.AsInt16())).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> WordProducts(Vector512<byte> a, Vector512<byte> b) => MultiplyAdd(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Widen(Vector512<byte> sums) => MultiplyAdd(sums.AsInt16(), Vector512<short>.One).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Widen(Vector512<byte> sums, Vector512<byte> pairs) => MultiplyAdd(sums.AsInt16(), pairs.AsInt16()).AsByte();

    // A shuffle gives 0 where the highest bit is set: one instruction, where a comparison takes two and a mask register.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> BelowHalf(Vector512<byte> a, Vector512<byte> ones) => Avx512BW.IsSupported
        ? Avx512BW.Shuffle(ones, a)
        : Vector512.Create(Avx2.Shuffle(ones.GetLower(), a.GetLower()), Avx2.Shuffle(ones.GetLower(), a.GetUpper()));

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
