namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>One query while it passes over the tiles of its keys and values.</summary>
internal unsafe struct AttentionQuery
{
    /// <summary>The query, [head_dim].</summary>
    public float* Q;

    /// <summary>Where the result goes, [head_dim].</summary>
    public float* Y;

    /// <summary>Sixteen sums of weights by lane, then the outputs so far, [16 + head_dim].</summary>
    public float* State;

    /// <summary>Largest score so far.</summary>
    public float Maximum;
}
