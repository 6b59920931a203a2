using System.Runtime.CompilerServices;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Nibbles with sub-scales and sub-minima.</summary>
internal readonly unsafe struct FormatQ4K : IBlockFormat
{
    public static int Parts
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8;
    }

    public static int UnitBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2048;
    }

    public static int UnitScaleBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 320;
    }

    public static bool PairedNibbles
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
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
        get => true;
    }

    public static bool HalfScales
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Numbers(int part) => 512 * (part >> 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighBits(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Shift(int part) => 4 * (part & 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighShift(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Unpack<TBytes, TLanes>(byte* numbers, byte* high, TBytes shift, TBytes highShift)
        where TBytes : unmanaged, IBytes<TBytes, TLanes>
        where TLanes : unmanaged, ILanes<TLanes> =>
        TBytes.ShiftRight(TBytes.Load(numbers), shift) & TBytes.Create((byte)15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes PartScale<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes> => unit * TLanes.LoadBytes(scales + 64 + 16 * part);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes PartMinimum<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes> => unit * TLanes.LoadBytes(scales + 192 + 16 * part);
}

/// <summary>Five bits with sub-scales and sub-minima.</summary>
internal readonly unsafe struct FormatQ5K : IBlockFormat
{
    public static int Parts
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8;
    }

    public static int UnitBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2560;
    }

    public static int UnitScaleBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 320;
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
        get => true;
    }

    public static bool HalfScales
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Numbers(int part) => 512 + 512 * (part >> 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighBits(int part) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Shift(int part) => 4 * (part & 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighShift(int part) => part;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Unpack<TBytes, TLanes>(byte* numbers, byte* high, TBytes shift, TBytes highShift)
        where TBytes : unmanaged, IBytes<TBytes, TLanes>
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TBytes fifth = TBytes.ShiftRight(TBytes.Load(high), highShift) & TBytes.Create((byte)1);
        return (TBytes.ShiftRight(TBytes.Load(numbers), shift) & TBytes.Create((byte)15)) | TBytes.ShiftLeft4(fifth);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes PartScale<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes> => unit * TLanes.LoadBytes(scales + 64 + 16 * part);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes PartMinimum<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes> => unit * TLanes.LoadBytes(scales + 192 + 16 * part);
}

/// <summary>Six bits offset by 32, with a sub-scale for each half.</summary>
internal readonly unsafe struct FormatQ6K : IBlockFormat
{
    public static int Parts
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8;
    }

    public static int UnitBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 3072;
    }

    public static int UnitScaleBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 288;
    }

    public static bool PairedNibbles
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    public static int SafeGroups
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    public static int OffsetShift
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 5;
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
        get => true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Numbers(int part) => 1536 * (part >> 2) + 512 * (part & 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighBits(int part) => 1536 * (part >> 2) + 1024;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Shift(int part) => 4 * (part >> 1 & 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighShift(int part) => 2 * (part & 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Unpack<TBytes, TLanes>(byte* numbers, byte* high, TBytes shift, TBytes highShift)
        where TBytes : unmanaged, IBytes<TBytes, TLanes>
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TBytes upper = TBytes.ShiftRight(TBytes.Load(high), highShift) & TBytes.Create((byte)3);
        return (TBytes.ShiftRight(TBytes.Load(numbers), shift) & TBytes.Create((byte)15)) | TBytes.ShiftLeft4(upper);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes PartScale<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes> => unit;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes PartMinimum<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes> => unit;
}
