namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>
/// Sixteen 32-bit lanes of integers, one per output of a panel: four bytes, two 16-bit numbers or one 32-bit number each. Every result
/// is exact, so that all forms agree.
/// </summary>
internal unsafe interface IBytes<TSelf, TLanes>
    where TSelf : unmanaged, IBytes<TSelf, TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>True if <see cref="AddProducts"/> sums pairs in 16 bits, which <see cref="Widen"/> then adds: a sum must not pass 32767.</summary>
    static abstract bool Narrow { get; }

    /// <summary>Rows of a tile at most: as many accumulators as there are registers.</summary>
    static abstract int TileRows { get; }

    /// <summary>Rows of a tile up to which <see cref="AddSignedProducts"/> is faster, at most 4; more share what <see cref="AddFlippedProducts"/> needs besides.</summary>
    static abstract int MostSigned { get; }

    static abstract TSelf Load(byte* from);

    void Store(byte* to);

    static abstract TSelf Create(byte value);

    static abstract TSelf Create(int value);

    /// <summary>Four bytes in every lane.</summary>
    static abstract TSelf Broadcast(void* from);

    /// <summary>Sixteen signed bytes, each twice as 16-bit numbers in its lane.</summary>
    static abstract TSelf LoadPairs(sbyte* from);

    /// <summary>Sixteen signed bytes in the lower and sixteen in the upper 16 bits of the lanes.</summary>
    static abstract TSelf LoadPairs(sbyte* lower, sbyte* upper);

    static abstract TSelf operator &(TSelf a, TSelf b);

    static abstract TSelf operator |(TSelf a, TSelf b);

    static abstract TSelf operator ^(TSelf a, TSelf b);

    /// <summary>Lanes to the right by the number in each lane of <paramref name="count"/>, the same in all; zeros in.</summary>
    static abstract TSelf ShiftRight(TSelf a, TSelf count);

    /// <summary>Lanes four to the right, zeros in.</summary>
    static abstract TSelf ShiftRight4(TSelf a);

    /// <summary>Lanes four to the left.</summary>
    static abstract TSelf ShiftLeft4(TSelf a);

    /// <summary>
    /// Adds products of unsigned bytes with the four signed bytes at <paramref name="x"/>; in 16-bit pairs if <see cref="Narrow"/>. Like every
    /// method that adds, it changes its argument: the compiler then keeps a sum in one register, where it would move a result.
    /// </summary>
    static abstract void AddProducts(ref TSelf sums, TSelf bytes, void* x);

    /// <summary>The same with signed bytes in <paramref name="x"/>.</summary>
    static abstract void AddProducts(ref TSelf sums, TSelf bytes, TSelf x);

    /// <summary>Magnitudes of signed bytes, as unsigned ones.</summary>
    static abstract TSelf Magnitudes(TSelf a);

    /// <summary>−1 for every byte below 128, else 0: which are negative, where 128 was added.</summary>
    /// <param name="a">Bytes.</param>
    /// <param name="ones">−1 everywhere, from where the compiler cannot know it: what it makes of a constant may wait for a register's last value.</param>
    static abstract TSelf BelowHalf(TSelf a, TSelf ones);

    /// <summary>Adds products of signed bytes, given with their magnitudes, with the four signed bytes at <paramref name="x"/> to 32-bit sums.</summary>
    /// <param name="sums">Sums so far.</param>
    /// <param name="bytes">Signed bytes.</param>
    /// <param name="magnitudes"><see cref="Magnitudes"/> of them.</param>
    /// <param name="x">Four signed bytes, the same for all lanes.</param>
    /// <param name="ones">1 in every 16 bits, from where the compiler cannot know it, so that it stays in a register.</param>
    static abstract void AddSignedProducts(ref TSelf sums, TSelf bytes, TSelf magnitudes, void* x, TSelf ones);

    /// <summary>
    /// The same, less the magnitude of every negative byte: its factor is flipped (−x − 1) instead of negated.
    /// </summary>
    /// <param name="sums">Sums so far.</param>
    /// <param name="negative">Its bytes are −1 where they are negative, else 0.</param>
    /// <param name="magnitudes"><see cref="Magnitudes"/> of them.</param>
    /// <param name="x">Four signed bytes, the same for all lanes.</param>
    /// <param name="ones">1 in every 16 bits, for the same reason.</param>
    static abstract void AddFlippedProducts(ref TSelf sums, TSelf negative, TSelf magnitudes, void* x, TSelf ones);

    /// <summary>32-bit sums of the products of 16-bit numbers.</summary>
    static abstract TSelf WordProducts(TSelf a, TSelf b);

    /// <summary>What <see cref="AddProducts"/> summed, as 32-bit numbers.</summary>
    static abstract TSelf Widen(TSelf sums);

    /// <summary>The same times a factor that lies twice in each lane.</summary>
    static abstract TSelf Widen(TSelf sums, TSelf pairs);

    static abstract TSelf Add(TSelf a, TSelf b);

    static abstract TSelf Subtract(TSelf a, TSelf b);

    /// <summary>a − b · 2^shift in 32 bits.</summary>
    static abstract TSelf SubtractShifted(TSelf a, TSelf b, int shift);

    /// <summary>to + float32(sums) · (scale · xScale): what a block adds to its outputs' chains, sums in 32 bits. One method, because each that is inlined costs the compiler's budget.</summary>
    static abstract TLanes AddTo(float* to, TSelf sums, TLanes scale, float* xScale);
}
