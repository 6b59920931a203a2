using System.Runtime.InteropServices;

namespace Switchyard.Tensor;

/// <summary>Asks Linux to back memory with huge pages, which saves address translations when gigabytes are streamed.</summary>
internal static unsafe partial class HugePages
{
    /// <summary>Bytes from which it is worth asking.</summary>
    public const nuint Smallest = 8 << 20;

    private const nuint PageSize = 4096;
    private const int UseHugePages = 14; // MADV_HUGEPAGE

    private static bool s_available = OperatingSystem.IsLinux();

    /// <summary>Asks for the whole pages of a block. Advice: a system that knows no huge pages does nothing.</summary>
    public static void Request(void* block, nuint bytes)
    {
        if (!s_available) return;
        nuint start = ((nuint)block + PageSize - 1) & ~(PageSize - 1), end = ((nuint)block + bytes) & ~(PageSize - 1);
        try
        {
            _ = Advise((void*)start, end - start, UseHugePages);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            s_available = false; // another C library: ordinary pages serve as well
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* start, nuint bytes, int advice);
}
