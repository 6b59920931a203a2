using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Sixteen lanes in two vectors; products by AVX-VNNI's <c>vpdpbusd</c>, which sums in 32 bits. Where the processor has none, tests find the same sums another way.</summary>
internal unsafe struct Bytes256Vnni(Vector256<byte> v0, Vector256<byte> v1) : IBytes<Bytes256Vnni, Lanes256>, IBytes<Bytes256Vnni, Lanes512>
{
    private Vector256<byte> _v0 = v0;
    private Vector256<byte> _v1 = v1;

    public static bool Narrow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    public static int MostSigned
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 6;
    }

    public static int TileRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 6;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(byte* to)
    {
        _v0.Store(to + 0);
        _v1.Store(to + 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni Load(byte* from) => new(Vector256.Load(from + 0), Vector256.Load(from + 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni Create(byte value)
    {
        Vector256<byte> v = Vector256.Create(value);
        return new(v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni Create(int value)
    {
        Vector256<byte> v = Vector256.Create(value).AsByte();
        return new(v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni Broadcast(void* from)
    {
        // As float32: the load port broadcasts those alone, where integers may take a shuffle as well.
        Vector256<byte> v = Vector256.Create(*(float*)from).AsByte();
        return new(v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni LoadPairs(sbyte* from) => LoadPairs(from, from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni LoadPairs(sbyte* lower, sbyte* upper) => new(Pair(lower + 0, upper + 0), Pair(lower + 8, upper + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni operator &(Bytes256Vnni a, Bytes256Vnni b) => new(a._v0 & b._v0, a._v1 & b._v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni operator |(Bytes256Vnni a, Bytes256Vnni b) => new(a._v0 | b._v0, a._v1 | b._v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni operator ^(Bytes256Vnni a, Bytes256Vnni b) => new(a._v0 ^ b._v0, a._v1 ^ b._v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni ShiftRight(Bytes256Vnni a, Bytes256Vnni count) => new(Avx2.ShiftRightLogicalVariable(a._v0.AsUInt32(), count._v0.AsUInt32()).AsByte(), Avx2.ShiftRightLogicalVariable(a._v1.AsUInt32(), count._v1.AsUInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni ShiftRight4(Bytes256Vnni a) => new((a._v0.AsUInt32() >> 4).AsByte(), (a._v1.AsUInt32() >> 4).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni ShiftLeft4(Bytes256Vnni a) => new((a._v0.AsUInt32() << 4).AsByte(), (a._v1.AsUInt32() << 4).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProducts(ref Bytes256Vnni sums, Bytes256Vnni bytes, void* x)
    {
        Vector256<byte> f = Vector256.Create(*(float*)x).AsByte();
        if (AvxVnni.IsSupported)
        {
            sums._v0 = AvxVnni.MultiplyWideningAndAdd(sums._v0.AsInt32(), bytes._v0, f.AsSByte()).AsByte();
            sums._v1 = AvxVnni.MultiplyWideningAndAdd(sums._v1.AsInt32(), bytes._v1, f.AsSByte()).AsByte();
            return;
        }
        sums._v0 = Emulated(sums._v0.AsInt32(), bytes._v0, f).AsByte();
        sums._v1 = Emulated(sums._v1.AsInt32(), bytes._v1, f).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProducts(ref Bytes256Vnni sums, Bytes256Vnni bytes, Bytes256Vnni x)
    {
        sums._v0 = AddProducts(sums._v0, bytes._v0, x._v0);
        sums._v1 = AddProducts(sums._v1, bytes._v1, x._v1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni Magnitudes(Bytes256Vnni a) => new(Vector256.Abs(a._v0.AsSByte()).AsByte(), Vector256.Abs(a._v1.AsSByte()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni BelowHalf(Bytes256Vnni a, Bytes256Vnni ones) => new(Avx2.Shuffle(ones._v0, a._v0), Avx2.Shuffle(ones._v0, a._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddSignedProducts(ref Bytes256Vnni sums, Bytes256Vnni bytes, Bytes256Vnni magnitudes, void* x, Bytes256Vnni ones)
    {
        Vector256<byte> f = Vector256.Create(*(float*)x).AsByte();
        sums._v0 = AddSigned(sums._v0, bytes._v0, magnitudes._v0, f, ones._v0);
        sums._v1 = AddSigned(sums._v1, bytes._v1, magnitudes._v1, f, ones._v0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddFlippedProducts(ref Bytes256Vnni sums, Bytes256Vnni negative, Bytes256Vnni magnitudes, void* x, Bytes256Vnni ones)
    {
        Vector256<byte> f = Vector256.Create(*(float*)x).AsByte();
        sums._v0 = AddFlipped(sums._v0, negative._v0, magnitudes._v0, f, ones._v0);
        sums._v1 = AddFlipped(sums._v1, negative._v1, magnitudes._v1, f, ones._v0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni WordProducts(Bytes256Vnni a, Bytes256Vnni b) => new(WordProducts(a._v0, b._v0), WordProducts(a._v1, b._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni Widen(Bytes256Vnni sums) => new(Widen(sums._v0), Widen(sums._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni Widen(Bytes256Vnni sums, Bytes256Vnni pairs) => new(Widen(sums._v0, pairs._v0), Widen(sums._v1, pairs._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni Add(Bytes256Vnni a, Bytes256Vnni b) => new((a._v0.AsInt32() + b._v0.AsInt32()).AsByte(), (a._v1.AsInt32() + b._v1.AsInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni Subtract(Bytes256Vnni a, Bytes256Vnni b) => new((a._v0.AsInt32() - b._v0.AsInt32()).AsByte(), (a._v1.AsInt32() - b._v1.AsInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bytes256Vnni SubtractShifted(Bytes256Vnni a, Bytes256Vnni b, int shift) => new((a._v0.AsInt32() - (b._v0.AsInt32() << shift)).AsByte(), (a._v1.AsInt32() - (b._v1.AsInt32() << shift)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 AddTo(float* to, Bytes256Vnni sums, Lanes256 scale, float* xScale)
    {
        Vector256<float> f = Vector256.Create(*xScale);
        return new(
            Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(sums._v0.AsInt32()), scale.V0 * f, Vector256.Load(to)),
            Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(sums._v1.AsInt32()), scale.V1 * f, Vector256.Load(to + 8)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Lanes512 IBytes<Bytes256Vnni, Lanes512>.AddTo(float* to, Bytes256Vnni sums, Lanes512 scale, float* xScale) =>
        new(Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(sums._v0.ToVector512Unsafe().WithUpper(sums._v1).AsInt32()), scale.V0 * Vector512.Create(*xScale), Vector512.Load(to)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Pair(sbyte* lower, sbyte* upper) =>
        ((Avx2.ConvertToVector256Int32(lower) & Vector256.Create(0xFFFF)) | Avx2.ConvertToVector256Int32(upper) << 16).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> AddProducts(Vector256<byte> sums, Vector256<byte> bytes, Vector256<byte> x) =>
        (AvxVnni.IsSupported ? AvxVnni.MultiplyWideningAndAdd(sums.AsInt32(), bytes, x.AsSByte()) : Emulated(sums.AsInt32(), bytes, x)).AsByte();

    private static Vector256<int> Emulated(Vector256<int> sums, Vector256<byte> bytes, Vector256<byte> x) => sums
        + Avx2.MultiplyAddAdjacent(bytes.AsInt16() & Vector256.Create((short)0xFF), x.AsInt16() << 8 >> 8)
        + Avx2.MultiplyAddAdjacent((bytes.AsUInt16() >> 8).AsInt16(), x.AsInt16() >> 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> AddSigned(Vector256<byte> sums, Vector256<byte> bytes, Vector256<byte> magnitudes, Vector256<byte> x, Vector256<byte> ones) =>
        AddProducts(sums, magnitudes, Avx2.Sign(x.AsSByte(), bytes.AsSByte()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> AddFlipped(Vector256<byte> sums, Vector256<byte> negative, Vector256<byte> magnitudes, Vector256<byte> x, Vector256<byte> ones) =>
        AddProducts(sums, magnitudes, negative ^ x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> WordProducts(Vector256<byte> a, Vector256<byte> b) => Avx2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Widen(Vector256<byte> sums) => sums;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Widen(Vector256<byte> sums, Vector256<byte> pairs) => (sums.AsInt32() * (pairs.AsInt32() >> 16)).AsByte();
}
