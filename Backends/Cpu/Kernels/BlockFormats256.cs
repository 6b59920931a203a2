using System.Runtime.CompilerServices;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Nibbles with sub-scales and sub-minima.</summary>
internal readonly unsafe struct FormatQ4K : IBlockFormat
{
    public static PanelFormat Format => PanelFormat.Q4K;

    public static int SafeGroups => 8;

    public static int OffsetShift => 0;

    public static bool SubtractsMinimum => true;

    public static bool HalfScales => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Numbers(int part, int half) => 512 * (part >> 1) + 256 * half;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighBits(int part, int half) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Unpack<TBytes, TLanes>(byte* numbers, byte* high, int part, int half)
        where TBytes : unmanaged, IBytes<TBytes, TLanes>
        where TLanes : unmanaged, ILanes<TLanes> => TBytes.ShiftRight(TBytes.Load(numbers), 4 * (part & 1)) & TBytes.Create((byte)15);

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
    public static PanelFormat Format => PanelFormat.Q5K;

    public static int SafeGroups => 4;

    public static int OffsetShift => 0;

    public static bool SubtractsMinimum => true;

    public static bool HalfScales => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Numbers(int part, int half) => 512 + 512 * (part >> 1) + 256 * half;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighBits(int part, int half) => 256 * half;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Unpack<TBytes, TLanes>(byte* numbers, byte* high, int part, int half)
        where TBytes : unmanaged, IBytes<TBytes, TLanes>
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TBytes bit = TBytes.Create((byte)(1 << part));
        TBytes fifth = TBytes.EqualBytes(TBytes.Load(high) & bit, bit) & TBytes.Create((byte)16);
        return (TBytes.ShiftRight(TBytes.Load(numbers), 4 * (part & 1)) & TBytes.Create((byte)15)) | fifth;
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
    public static PanelFormat Format => PanelFormat.Q6K;

    public static int SafeGroups => 2;

    public static int OffsetShift => 5;

    public static bool SubtractsMinimum => false;

    public static bool HalfScales => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Numbers(int part, int half) => 1536 * (part >> 2) + 512 * (part & 1) + 256 * half;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighBits(int part, int half) => 1536 * (part >> 2) + 1024 + 256 * half;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Unpack<TBytes, TLanes>(byte* numbers, byte* high, int part, int half)
        where TBytes : unmanaged, IBytes<TBytes, TLanes>
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TBytes low = TBytes.ShiftRight(TBytes.Load(numbers), 4 * (part >> 1 & 1)) & TBytes.Create((byte)15);
        return low | TBytes.ShiftLeft4(TBytes.ShiftRight(TBytes.Load(high), 2 * (part & 3)) & TBytes.Create((byte)3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes PartScale<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes> => unit;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes PartMinimum<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes> => unit;
}
