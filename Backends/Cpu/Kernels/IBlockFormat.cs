namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>How a block format's numbers and scales lie in a panel, and how its numbers become unsigned bytes.</summary>
/// <remarks>
/// A unit has parts of 32 inputs, a part two halves of four groups (<see cref="PanelLayout"/>). Everything is constant or inlined, so
/// what a format does not have costs nothing.
/// </remarks>
internal unsafe interface IBlockFormat
{
    static abstract PanelFormat Format { get; }

    /// <summary>Groups of four products whose sums still fit 16 bits: 8, 4 or 2.</summary>
    static abstract int SafeGroups { get; }

    /// <summary>The unsigned numbers are larger than the format's by 2^OffsetShift; 0 for none.</summary>
    static abstract int OffsetShift { get; }

    /// <summary>True if the minimum is stored as what is subtracted.</summary>
    static abstract bool SubtractsMinimum { get; }

    /// <summary>True if halves have scales of their own.</summary>
    static abstract bool HalfScales { get; }

    /// <summary>Bytes from a unit's start to the groups of a half.</summary>
    static abstract int Numbers(int part, int half);

    /// <summary>Bytes from a unit's start to the groups of high bits of a half.</summary>
    static abstract int HighBits(int part, int half);

    /// <summary>The numbers of a group as unsigned bytes.</summary>
    static abstract TBytes Unpack<TBytes, TLanes>(byte* numbers, byte* high, int part, int half)
        where TBytes : unmanaged, IBytes<TBytes, TLanes>
        where TLanes : unmanaged, ILanes<TLanes>;

    /// <summary>A part's scales from its unit's.</summary>
    static abstract TLanes PartScale<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes>;

    /// <summary>A part's minima from its unit's.</summary>
    static abstract TLanes PartMinimum<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes>;
}
