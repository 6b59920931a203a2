namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Keys and values of sixteen positions, and what to ask memory for meanwhile.</summary>
internal unsafe struct AttentionTile
{
    /// <summary>Keys, [head_dim][16].</summary>
    public float* Keys;

    /// <summary>Values, [16][head_dim].</summary>
    public float* Values;

    /// <summary>Elements of a head.</summary>
    public int HeadDim;

    /// <summary>Factor on scores.</summary>
    public float Scale;

    /// <summary>Keys and values that are read next.</summary>
    public byte* KeysAhead, ValuesAhead;

    /// <summary>Bytes of either that sixteen elements take; 0 to ask for nothing new.</summary>
    public int AheadStep;
}
