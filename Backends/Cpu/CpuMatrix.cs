using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu;

/// <summary>Float32 activations, row-major; rows begin on 64 bytes.</summary>
internal sealed unsafe class CpuMatrix : Matrix
{
    private const int Line = 16; // elements of a cache line

    private readonly AlignedMemory<float> _memory; // [rows, Stride]

    public CpuMatrix(CpuBackend owner, int rows, int cols)
        : base(rows, cols)
    {
        Owner = owner;
        Stride = (cols + Line - 1) & ~(Line - 1);
        if (Stride % (16 * Line) == 0) Stride += Line; // else the rows of a tile would share the few places of one cache set
        _memory = new AlignedMemory<float>((long)rows * Stride);
        owner.Counters.BytesHeld += _memory.ByteCount;
    }

    public CpuBackend Owner { get; }

    /// <summary>Elements from one row to the next.</summary>
    public int Stride { get; }

    public bool IsDisposed => _memory.Pointer is null;

    public float* Row(int row) => _memory.Pointer + (long)row * Stride;

    public override void Dispose()
    {
        if (!IsDisposed) Owner.Counters.BytesHeld -= _memory.ByteCount;
        _memory.Dispose();
        base.Dispose();
    }
}
