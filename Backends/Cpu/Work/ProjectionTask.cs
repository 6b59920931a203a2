using Switchyard.Backends.Cpu.Kernels;

namespace Switchyard.Backends.Cpu.Work;

/// <summary>One projection of a matrix product, in native terms.</summary>
internal unsafe struct ProjectionTask
{
    public delegate*<PanelCall*, void> Kernel;
    public byte* Panels;
    public long PanelBytes;
    public int PanelCount;
    public int OutDim;
    public int InDim;

    /// <summary>[OutDim rounded up to 16], or null.</summary>
    public float* Bias;

    /// <summary>Row 0 of the outputs.</summary>
    public float* Y;

    /// <summary>Elements from one row of outputs to the next.</summary>
    public int YStride;
}
