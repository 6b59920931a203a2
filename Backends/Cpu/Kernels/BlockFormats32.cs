using System.Runtime.CompilerServices;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Signed bytes, made unsigned by 128; only for forms that sum in 32 bits.</summary>
internal readonly unsafe struct FormatS8 : IBlockFormat
{
    public static int Parts => 1;

    public static int UnitBytes => 512;

    public static int UnitScaleBytes => 32;

    public static bool PairedNibbles => false;

    public static int SafeGroups => 0;

    public static int OffsetShift => 7;

    public static bool HasMinimum => false;

    public static bool SubtractsMinimum => false;

    public static bool HalfScales => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Numbers(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighBits(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Shift(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighShift(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Unpack<TBytes, TLanes>(byte* numbers, byte* high, TBytes shift, TBytes highShift)
        where TBytes : unmanaged, IBytes<TBytes, TLanes>
        where TLanes : unmanaged, ILanes<TLanes> => TBytes.Load(numbers) ^ TBytes.Create((byte)0x80);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes PartScale<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes> => unit;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes PartMinimum<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes> => unit;
}

/// <summary>Nibbles offset by 8.</summary>
internal readonly unsafe struct FormatN4 : IBlockFormat
{
    public static int Parts => 1;

    public static int UnitBytes => 256;

    public static int UnitScaleBytes => 32;

    public static bool PairedNibbles => true;

    public static int SafeGroups => 8;

    public static int OffsetShift => 3;

    public static bool HasMinimum => false;

    public static bool SubtractsMinimum => false;

    public static bool HalfScales => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Numbers(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighBits(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Shift(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighShift(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Unpack<TBytes, TLanes>(byte* numbers, byte* high, TBytes shift, TBytes highShift)
        where TBytes : unmanaged, IBytes<TBytes, TLanes>
        where TLanes : unmanaged, ILanes<TLanes> => TBytes.Load(numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes PartScale<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes> => unit;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes PartMinimum<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes> => unit;
}

/// <summary>Nibbles with a minimum.</summary>
internal readonly unsafe struct FormatU4 : IBlockFormat
{
    public static int Parts => 1;

    public static int UnitBytes => 256;

    public static int UnitScaleBytes => 64;

    public static bool PairedNibbles => true;

    public static int SafeGroups => 8;

    public static int OffsetShift => 0;

    public static bool HasMinimum => true;

    public static bool SubtractsMinimum => false;

    public static bool HalfScales => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Numbers(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighBits(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Shift(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighShift(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Unpack<TBytes, TLanes>(byte* numbers, byte* high, TBytes shift, TBytes highShift)
        where TBytes : unmanaged, IBytes<TBytes, TLanes>
        where TLanes : unmanaged, ILanes<TLanes> => TBytes.Load(numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes PartScale<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes> => unit;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes PartMinimum<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes> => unit;
}

/// <summary>Bytes below 32 with a minimum.</summary>
internal readonly unsafe struct FormatU5 : IBlockFormat
{
    public static int Parts => 1;

    public static int UnitBytes => 512;

    public static int UnitScaleBytes => 64;

    public static bool PairedNibbles => false;

    public static int SafeGroups => 4;

    public static int OffsetShift => 0;

    public static bool HasMinimum => true;

    public static bool SubtractsMinimum => false;

    public static bool HalfScales => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Numbers(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighBits(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Shift(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighShift(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Unpack<TBytes, TLanes>(byte* numbers, byte* high, TBytes shift, TBytes highShift)
        where TBytes : unmanaged, IBytes<TBytes, TLanes>
        where TLanes : unmanaged, ILanes<TLanes> => TBytes.Load(numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes PartScale<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes> => unit;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes PartMinimum<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes> => unit;
}
