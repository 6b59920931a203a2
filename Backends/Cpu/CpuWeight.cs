using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu;

/// <summary>A weight in panels of sixteen outputs (<see cref="PanelLayout"/>); one-row tensors also as plain float32 values.</summary>
internal sealed unsafe class CpuWeight : Weight
{
    private readonly AlignedMemory<byte> _panels;   // [PanelCount, PanelBytes]
    private readonly AlignedMemory<float>? _vector; // [InDim] for gains and biases

    public CpuWeight(CpuBackend owner, string name, DType dtype, PanelFormat format, int outDim, int inDim, StreamTuner[] tuners)
        : base(name, dtype, outDim, inDim)
    {
        (Owner, Format, Tuners) = (owner, format, tuners);
        PanelCount = (outDim + PanelLayout.Outputs - 1) / PanelLayout.Outputs;
        PanelBytes = PanelLayout.PanelBytes(format, inDim);
        _panels = new AlignedMemory<byte>(PanelCount * PanelBytes);
        if (outDim == 1) _vector = new AlignedMemory<float>(PanelLayout.RoundUp(inDim));
        owner.Counters.BytesHeld += ByteCount;
    }

    public CpuBackend Owner { get; }

    public PanelFormat Format { get; }

    /// <summary>How products that begin with it read it best, by rows and projections.</summary>
    public StreamTuner[] Tuners { get; }

    public int PanelCount { get; }

    public long PanelBytes { get; }

    public override long ByteCount => _panels.ByteCount + (_vector?.ByteCount ?? 0);

    public bool IsDisposed => _panels.Pointer is null;

    public byte* Panel(int panel) => _panels.Pointer + panel * PanelBytes;

    /// <summary>The values of a one-row weight, [InDim], zeros up to a whole number of sixteen.</summary>
    public float* Vector => _vector is null ? null : _vector.Pointer;

    public override void Dispose()
    {
        if (!IsDisposed) Owner.Counters.BytesHeld -= ByteCount;
        _panels.Dispose();
        _vector?.Dispose();
        base.Dispose();
    }
}
