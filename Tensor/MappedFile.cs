using System.IO.MemoryMappedFiles;

namespace Switchyard.Tensor;

/// <summary>A file that lies in the address space as far as it is looked at.</summary>
/// <remarks>Thread-safe. Views outlive the file object: each must be disposed to give its pages back.</remarks>
public sealed class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? _file;

    private MappedFile(string path, long length, MemoryMappedFile? file) => (Path, Length, _file) = (path, length, file);

    /// <summary>The path that was opened.</summary>
    public string Path { get; }

    /// <summary>Bytes in the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>Opens a file for reading; others may go on reading it too.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static MappedFile Open(string path)
    {
        var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        try
        {
            long length = RandomAccess.GetLength(handle);
            if (length == 0)
            {
                handle.Dispose(); // an empty file cannot be mapped, and nothing in it can be asked for
                return new MappedFile(path, 0, null);
            }
            var file = MemoryMappedFile.CreateFromFile(handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            return new MappedFile(path, length, file);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Maps <paramref name="length"/> bytes from <paramref name="offset"/>; the caller owns the view.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie in the file.</exception>
    public MappedView View(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        return new MappedView(length == 0 ? null : _file!.CreateViewAccessor(offset, length, MemoryMappedFileAccess.Read), length);
    }

    /// <summary>Closes the file; views stay valid.</summary>
    public void Dispose() => _file?.Dispose();
}
