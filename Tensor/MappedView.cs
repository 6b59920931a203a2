using System.IO.MemoryMappedFiles;

namespace Switchyard.Tensor;

/// <summary>A read-only range of a <see cref="MappedFile"/>, unmapped when disposed.</summary>
/// <remarks>Reads may run on several threads; nobody may still be reading when the view is disposed.</remarks>
public sealed unsafe class MappedView : IDisposable
{
    private readonly MemoryMappedViewAccessor? _accessor;
    private byte* _pointer;

    internal MappedView(MemoryMappedViewAccessor? accessor, long length)
    {
        (_accessor, Length) = (accessor, length);
        if (accessor is null) return;
        accessor.SafeMemoryMappedViewHandle.AcquirePointer(ref _pointer);
        _pointer += accessor.PointerOffset;
    }

    /// <summary>Bytes in the view.</summary>
    public long Length { get; }

    /// <summary>The bytes from <paramref name="start"/>; valid until the view is disposed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie in the view.</exception>
    public ReadOnlySpan<byte> Span(long start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Length - start);
        if (count == 0) return [];
        ObjectDisposedException.ThrowIf(_pointer is null, this);
        return new ReadOnlySpan<byte>(_pointer + start, count);
    }

    /// <summary>Unmaps the range.</summary>
    public void Dispose()
    {
        if (_pointer is null) return;
        _pointer = null;
        _accessor!.SafeMemoryMappedViewHandle.ReleasePointer();
        _accessor.Dispose();
    }
}
