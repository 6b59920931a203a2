using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu;

/// <summary>Cosines, then sines, [positions, headDim / 2] each.</summary>
internal sealed unsafe class CpuRopeTable : RopeTable
{
    private readonly AlignedMemory<float> _memory;

    public CpuRopeTable(CpuBackend owner, int headDim, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines)
        : base(cosines.Length / (headDim / 2), headDim)
    {
        Owner = owner;
        _memory = new AlignedMemory<float>(2L * cosines.Length);
        cosines.CopyTo(_memory.Span(0, cosines.Length));
        sines.CopyTo(_memory.Span(cosines.Length, sines.Length));
        owner.Counters.BytesHeld += _memory.ByteCount;
    }

    public CpuBackend Owner { get; }

    public bool IsDisposed => _memory.Pointer is null;

    public float* Cosines(int position) => _memory.Pointer + (long)position * (HeadDim / 2);

    public float* Sines(int position) => Cosines(position) + (long)Positions * (HeadDim / 2);

    public override void Dispose()
    {
        if (!IsDisposed) Owner.Counters.BytesHeld -= _memory.ByteCount;
        _memory.Dispose();
        base.Dispose();
    }
}
