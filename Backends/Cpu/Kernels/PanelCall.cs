namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>One panel of sixteen outputs against some rows of activations.</summary>
internal unsafe struct PanelCall
{
    /// <summary>The panel (<see cref="PanelLayout"/>).</summary>
    public byte* Panel;

    /// <summary>Inputs.</summary>
    public int InDim;

    /// <summary>Rows of activations, at most <see cref="MaxRows"/>.</summary>
    public int Rows;

    /// <summary>Plain formats: where each row's activations lie, [Rows] pointers to [InDim].</summary>
    public float** X;

    /// <summary>Block formats: the first row's quantised activations.</summary>
    public QuantizedRows Quantized;

    /// <summary>Results, [Rows, 16].</summary>
    public float* Sums;

    /// <summary>Rows of one call.</summary>
    public const int MaxRows = 64;
}
