using System.Runtime.InteropServices;

namespace Switchyard.Tensor;

/// <summary>Native memory aligned to 64 bytes, zeroed, owned by this object.</summary>
/// <remarks>
/// Large blocks come straight from the system, which zeroes a page when it is first touched; nothing is cleared twice. On Linux they are
/// put on huge pages where the system allows that on request.
/// </remarks>
/// <typeparam name="T">An unmanaged element.</typeparam>
public sealed unsafe class AlignedMemory<T> : IDisposable
    where T : unmanaged
{
    private const nuint Alignment = 64;
    private readonly long _pressure;
    private void* _block;
    private T* _pointer;

    /// <summary>Allocates <paramref name="length"/> zeroed elements.</summary>
    /// <exception cref="OutOfMemoryException">The system has no such room.</exception>
    public AlignedMemory(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        nuint bytes = checked((nuint)Math.Max(1, length) * (nuint)sizeof(T) + 2 * Alignment);
        _block = NativeMemory.AllocZeroed(bytes);
        _pointer = (T*)(((nuint)_block + Alignment - 1) & ~(Alignment - 1));
        if (bytes >= HugePages.Smallest) HugePages.Request(_block, bytes);
        _pressure = (long)bytes;
        GC.AddMemoryPressure(_pressure);
    }

    /// <summary>Frees memory that nobody disposed.</summary>
    ~AlignedMemory() => Free();

    /// <summary>Elements.</summary>
    public long Length { get; }

    /// <summary>Bytes.</summary>
    public long ByteCount => Length * sizeof(T);

    /// <summary>The first element; null after <see cref="Dispose"/>.</summary>
    public T* Pointer => _pointer;

    /// <summary>A window of <paramref name="count"/> elements from <paramref name="start"/>.</summary>
    public Span<T> Span(long start, int count)
    {
        ObjectDisposedException.ThrowIf(_pointer is null, this);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + count, Length, nameof(count));
        return new Span<T>(_pointer + start, count);
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_block is null) return;
        NativeMemory.Free(_block);
        _block = null;
        _pointer = null;
        GC.RemoveMemoryPressure(_pressure);
    }
}
