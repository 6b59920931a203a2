namespace Switchyard.Model;

/// <summary>A set of layers, up to <see cref="Capacity"/>.</summary>
public readonly record struct LayerMask(UInt128 Bits)
{
    /// <summary>The most layers a model may have to be routed.</summary>
    public const int Capacity = 128;

    /// <summary>Layers in the set.</summary>
    public int Count => (int)UInt128.PopCount(Bits);

    /// <summary>The layers 0 … <paramref name="count"/> − 1.</summary>
    public static LayerMask All(int count) => new(count == Capacity ? UInt128.MaxValue : (UInt128.One << count) - 1);

    /// <summary>Whether <paramref name="layer"/> is in the set.</summary>
    public bool Contains(int layer) => (Bits >> layer & 1) != 0;

    /// <summary>The set with <paramref name="layer"/>.</summary>
    public LayerMask With(int layer) => new(Bits | UInt128.One << layer);

    /// <summary>The set without <paramref name="layer"/>.</summary>
    public LayerMask Without(int layer) => new(Bits & ~(UInt128.One << layer));
}
