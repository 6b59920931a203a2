using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Sixteen lanes in two AVX2 vectors; products by <c>vpmaddubsw</c>.</summary>
internal unsafe struct Bytes256(Vector256<byte> v0, Vector256<byte> v1) : IBytes<Bytes256, Lanes256>
{
    private Vector256<byte> _v0 = v0;
    private Vector256<byte> _v1 = v1;

    public static bool Narrow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => true;
    }

    public static int MostSigned
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    public static int TileRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(byte* to)
    {
        _v0.Store(to + 0);
        _v1.Store(to + 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 Load(byte* from) => new(Vector256.Load(from + 0), Vector256.Load(from + 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 Create(byte value)
    {
        Vector256<byte> v = Vector256.Create(value);
        return new(v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 Create(int value)
    {
        Vector256<byte> v = Vector256.Create(value).AsByte();
        return new(v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 Broadcast(void* from)
    {
        // As float32: the load port broadcasts those alone, where integers may take a shuffle as well.
        Vector256<byte> v = Vector256.Create(*(float*)from).AsByte();
        return new(v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 LoadPairs(sbyte* from) => LoadPairs(from, from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 LoadPairs(sbyte* lower, sbyte* upper) => new(Pair(lower + 0, upper + 0), Pair(lower + 8, upper + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 operator &(Bytes256 a, Bytes256 b) => new(a._v0 & b._v0, a._v1 & b._v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 operator |(Bytes256 a, Bytes256 b) => new(a._v0 | b._v0, a._v1 | b._v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 operator ^(Bytes256 a, Bytes256 b) => new(a._v0 ^ b._v0, a._v1 ^ b._v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 ShiftRight(Bytes256 a, Bytes256 count) => new(Avx2.ShiftRightLogicalVariable(a._v0.AsUInt32(), count._v0.AsUInt32()).AsByte(), Avx2.ShiftRightLogicalVariable(a._v1.AsUInt32(), count._v1.AsUInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 ShiftRight4(Bytes256 a) => new((a._v0.AsUInt32() >> 4).AsByte(), (a._v1.AsUInt32() >> 4).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 ShiftLeft4(Bytes256 a) => new((a._v0.AsUInt32() << 4).AsByte(), (a._v1.AsUInt32() << 4).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProducts(ref Bytes256 sums, Bytes256 bytes, void* x)
    {
        Vector256<byte> f = Vector256.Create(*(float*)x).AsByte();
        sums._v0 = AddProducts(sums._v0, bytes._v0, f);
        sums._v1 = AddProducts(sums._v1, bytes._v1, f);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProducts(ref Bytes256 sums, Bytes256 bytes, Bytes256 x)
    {
        sums._v0 = AddProducts(sums._v0, bytes._v0, x._v0);
        sums._v1 = AddProducts(sums._v1, bytes._v1, x._v1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 Magnitudes(Bytes256 a) => new(Vector256.Abs(a._v0.AsSByte()).AsByte(), Vector256.Abs(a._v1.AsSByte()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 BelowHalf(Bytes256 a, Bytes256 ones) => new(Avx2.Shuffle(ones._v0, a._v0), Avx2.Shuffle(ones._v0, a._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddSignedProducts(ref Bytes256 sums, Bytes256 bytes, Bytes256 magnitudes, void* x, Bytes256 ones)
    {
        Vector256<byte> f = Vector256.Create(*(float*)x).AsByte();
        sums._v0 = AddSigned(sums._v0, bytes._v0, magnitudes._v0, f, ones._v0);
        sums._v1 = AddSigned(sums._v1, bytes._v1, magnitudes._v1, f, ones._v0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddFlippedProducts(ref Bytes256 sums, Bytes256 negative, Bytes256 magnitudes, void* x, Bytes256 ones)
    {
        Vector256<byte> f = Vector256.Create(*(float*)x).AsByte();
        sums._v0 = AddFlipped(sums._v0, negative._v0, magnitudes._v0, f, ones._v0);
        sums._v1 = AddFlipped(sums._v1, negative._v1, magnitudes._v1, f, ones._v0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 WordProducts(Bytes256 a, Bytes256 b) => new(WordProducts(a._v0, b._v0), WordProducts(a._v1, b._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 Widen(Bytes256 sums) => new(Widen(sums._v0), Widen(sums._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 Widen(Bytes256 sums, Bytes256 pairs) => new(Widen(sums._v0, pairs._v0), Widen(sums._v1, pairs._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 Add(Bytes256 a, Bytes256 b) => new((a._v0.AsInt32() + b._v0.AsInt32()).AsByte(), (a._v1.AsInt32() + b._v1.AsInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 Subtract(Bytes256 a, Bytes256 b) => new((a._v0.AsInt32() - b._v0.AsInt32()).AsByte(), (a._v1.AsInt32() - b._v1.AsInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256 SubtractShifted(Bytes256 a, Bytes256 b, int shift) => new((a._v0.AsInt32() - (b._v0.AsInt32() << shift)).AsByte(), (a._v1.AsInt32() - (b._v1.AsInt32() << shift)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 AddTo(float* to, Bytes256 sums, Lanes256 scale, float* xScale)
    {
        Vector256<float> f = Vector256.Create(*xScale);
        return new(
            Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(sums._v0.AsInt32()), scale.V0 * f, Vector256.Load(to)),
            Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(sums._v1.AsInt32()), scale.V1 * f, Vector256.Load(to + 8)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Pair(sbyte* lower, sbyte* upper) =>
        ((Avx2.ConvertToVector256Int32(lower) & Vector256.Create(0xFFFF)) | Avx2.ConvertToVector256Int32(upper) << 16).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> AddProducts(Vector256<byte> sums, Vector256<byte> bytes, Vector256<byte> x) =>
        (sums.AsInt16() + Avx2.MultiplyAddAdjacent(bytes, x.AsSByte())).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> AddSigned(Vector256<byte> sums, Vector256<byte> bytes, Vector256<byte> magnitudes, Vector256<byte> x, Vector256<byte> ones)
    {
        // x takes the sign of the other factor: a pair is then at most 2 · 128 · 127, which 16 bits hold.
        Vector256<short> pairs = Avx2.MultiplyAddAdjacent(magnitudes, Avx2.Sign(x.AsSByte(), bytes.AsSByte()));
        return (sums.AsInt32() + Avx2.MultiplyAddAdjacent(pairs, ones.AsInt16())).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> AddFlipped(Vector256<byte> sums, Vector256<byte> negative, Vector256<byte> magnitudes, Vector256<byte> x, Vector256<byte> ones)
    {
        // A pair is at least −2 · 128 · 128, which 16 bits just hold.
        Vector256<short> pairs = Avx2.MultiplyAddAdjacent(magnitudes, (negative ^ x).AsSByte());
        return (sums.AsInt32() + Avx2.MultiplyAddAdjacent(pairs, ones.AsInt16())).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> WordProducts(Vector256<byte> a, Vector256<byte> b) => Avx2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Widen(Vector256<byte> sums) => Avx2.MultiplyAddAdjacent(sums.AsInt16(), Vector256<short>.One).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Widen(Vector256<byte> sums, Vector256<byte> pairs) => Avx2.MultiplyAddAdjacent(sums.AsInt16(), pairs.AsInt16()).AsByte();
}
