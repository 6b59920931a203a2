using System.Runtime.CompilerServices;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Signed bytes, stored plus 128; only for forms that sum in 32 bits.</summary>
internal readonly unsafe struct FormatS8 : IBlockFormat
{
    public static int Parts
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    public static int UnitBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 512;
    }

    public static int UnitScaleBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 32;
    }

    public static bool PairedNibbles
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    public static int SafeGroups
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 0;
    }

    public static int OffsetShift
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 7;
    }

    public static bool HasMinimum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    public static bool SubtractsMinimum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    public static bool HalfScales
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

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

/// <summary>Nibbles offset by 8.</summary>
internal readonly unsafe struct FormatN4 : IBlockFormat
{
    public static int Parts
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    public static int UnitBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 256;
    }

    public static int UnitScaleBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 32;
    }

    public static bool PairedNibbles
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => true;
    }

    public static int SafeGroups
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8;
    }

    public static int OffsetShift
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 3;
    }

    public static bool HasMinimum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    public static bool SubtractsMinimum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    public static bool HalfScales
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

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
    public static int Parts
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    public static int UnitBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 256;
    }

    public static int UnitScaleBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 64;
    }

    public static bool PairedNibbles
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => true;
    }

    public static int SafeGroups
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8;
    }

    public static int OffsetShift
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 0;
    }

    public static bool HasMinimum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => true;
    }

    public static bool SubtractsMinimum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    public static bool HalfScales
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

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
    public static int Parts
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    public static int UnitBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 512;
    }

    public static int UnitScaleBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 64;
    }

    public static bool PairedNibbles
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    public static int SafeGroups
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    public static int OffsetShift
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 0;
    }

    public static bool HasMinimum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => true;
    }

    public static bool SubtractsMinimum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    public static bool HalfScales
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

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
