namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>How a block format's numbers and scales lie in a panel (<see cref="PanelLayout"/>), and how its numbers become unsigned bytes.</summary>
/// <remarks>
/// A unit has parts of 32 inputs, a part eight groups of four. Everything is constant or inlined, so what a format does not have
/// costs nothing.
/// </remarks>
internal unsafe interface IBlockFormat
{
    /// <summary>Parts of a unit.</summary>
    static abstract int Parts { get; }

    static abstract int UnitBytes { get; }

    static abstract int UnitScaleBytes { get; }

    /// <summary>True if groups g and g + 4 share their bytes, the latter in the high nibbles.</summary>
    static abstract bool PairedNibbles { get; }

    /// <summary>Groups whose products still sum to less than 2¹⁵ by pairs: 8, 4 or 2.</summary>
    static abstract int SafeGroups { get; }

    /// <summary>The unsigned numbers are larger than the format's by 2^OffsetShift; 0 for none.</summary>
    static abstract int OffsetShift { get; }

    static abstract bool HasMinimum { get; }

    /// <summary>True if the minimum is stored as what is subtracted.</summary>
    static abstract bool SubtractsMinimum { get; }

    /// <summary>True if halves of a part have scales of their own.</summary>
    static abstract bool HalfScales { get; }

    /// <summary>Bytes from a unit's start to a part's groups.</summary>
    static abstract int Numbers(int part);

    /// <summary>Bytes from a unit's start to a part's groups of high bits.</summary>
    static abstract int HighBits(int part);

    /// <summary>What <see cref="Unpack"/> needs to know of a part: how far its bits are to shift.</summary>
    static abstract int Shift(int part);

    /// <summary>How far its high bits are to shift.</summary>
    static abstract int HighShift(int part);

    /// <summary>The numbers of a group as unsigned bytes.</summary>
    /// <param name="numbers">64 bytes.</param>
    /// <param name="high">64 bytes of high bits.</param>
    /// <param name="shift"><see cref="Shift"/> in every lane.</param>
    /// <param name="highShift"><see cref="HighShift"/> in every lane.</param>
    static abstract TBytes Unpack<TBytes, TLanes>(byte* numbers, byte* high, TBytes shift, TBytes highShift)
        where TBytes : unmanaged, IBytes<TBytes, TLanes>
        where TLanes : unmanaged, ILanes<TLanes>;

    /// <summary>A part's scales from its unit's.</summary>
    static abstract TLanes PartScale<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes>;

    /// <summary>A part's minima from its unit's.</summary>
    static abstract TLanes PartMinimum<TLanes>(TLanes unit, byte* scales, int part)
        where TLanes : unmanaged, ILanes<TLanes>;
}
