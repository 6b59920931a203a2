namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Sixteen float32 lanes: one vector, two, four, or an array. Every operation is IEEE per lane, so all forms agree in every bit.</summary>
internal unsafe interface ILanes<TSelf>
    where TSelf : unmanaged, ILanes<TSelf>
{
    /// <summary>Vectors of sixteen lanes.</summary>
    static abstract int Vectors { get; }

    static abstract TSelf Load(float* from);

    static abstract TSelf Create(float value);

    /// <summary>Halves, widened exactly.</summary>
    static abstract TSelf LoadHalf(Half* from);

    /// <summary>Sixteen binary16 numbers in the pair layout of <see cref="PanelLayout"/>, finite ones exactly.</summary>
    static abstract TSelf LoadHalfPairs(byte* from);

    /// <summary>Sixteen bfloat16 numbers in the pair layout of <see cref="PanelLayout"/>.</summary>
    static abstract TSelf LoadBFloat16Pairs(byte* from);

    /// <summary>Sixteen unsigned bytes.</summary>
    static abstract TSelf LoadBytes(byte* from);

    void Store(float* to);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>a · b + c, rounded once.</summary>
    static abstract TSelf Fma(TSelf a, TSelf b, TSelf c);

    /// <summary>
    /// Adds a · b to a sum, rounded once. It changes its argument: the compiler then keeps the sum in one register, where it would move a result.
    /// </summary>
    static abstract void AddProduct(ref TSelf sum, TSelf a, TSelf b);

    /// <summary>The same with one number for all lanes.</summary>
    static abstract void AddProduct(ref TSelf sum, TSelf a, float* b);

    /// <summary>The same for two sums with one number.</summary>
    static abstract void AddProducts(ref TSelf sum, ref TSelf other, TSelf a, TSelf c, float* b);

    /// <summary>The larger per lane; either one where one is NaN.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>The largest lane; any if one is NaN.</summary>
    static abstract float Largest(TSelf a);

    /// <summary><see cref="Tensor.CanonicalMath.Exp(float)"/> per lane.</summary>
    static abstract TSelf Exp(TSelf x);

    /// <summary>Lanes whose bit of <paramref name="mask"/> is clear become <paramref name="other"/>.</summary>
    static abstract TSelf Select(uint mask, TSelf x, float other);

    /// <summary>True if any lane of a is greater than that of b, or is NaN.</summary>
    static abstract bool AnyNotLessOrEqual(TSelf a, TSelf b);
}
