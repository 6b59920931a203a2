using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu;

/// <summary>Native memory that grows to what was ever asked of it, so that steps after the first allocate nothing.</summary>
internal sealed unsafe class Scratch : IDisposable
{
    private AlignedMemory<byte>? _memory;

    /// <summary>At least <paramref name="count"/> elements, aligned to 64 bytes; what an earlier call returned may be gone.</summary>
    public T* Get<T>(long count)
        where T : unmanaged
    {
        long bytes = count * sizeof(T);
        if (_memory is null || _memory.ByteCount < bytes)
        {
            long grown = Math.Max(bytes, 2 * (_memory?.ByteCount ?? 0));
            _memory?.Dispose();
            _memory = null;
            _memory = new AlignedMemory<byte>(grown);
        }
        return (T*)_memory.Pointer;
    }

    public void Dispose() => _memory?.Dispose();
}
