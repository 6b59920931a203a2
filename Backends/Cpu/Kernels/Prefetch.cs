using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Switchyard.Backends.Cpu.Kernels;

/// <summary>Asks for memory before it is read, where the processor takes such hints.</summary>
internal static unsafe class Prefetch
{
    /// <summary>
    /// How far ahead kernels ask on a single stream, in bytes. A kernel does more with a number than add it, so the processor's own window
    /// reaches only some lines ahead, and its prefetchers stop at each page.
    /// </summary>
    public const int Distance = 6144;

    /// <summary>The same on each of two streams.</summary>
    public const int PairDistance = 4096;

    /// <summary>The same on each of several streams: together they ask for about as much as a core waits for.</summary>
    public const int StreamDistance = 512;

    /// <summary>The same where a stream's units are large and each is gone through as a whole.</summary>
    public const int UnitDistance = 2048;

    /// <summary>Hints that the line of <paramref name="at"/> will be read. It need not exist.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Line(void* at)
    {
        if (Sse.IsSupported) Sse.Prefetch0(at);
    }

    /// <summary>Hints that the line <see cref="StreamDistance"/> bytes after <paramref name="at"/> will be read. It need not exist.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ahead(void* at)
    {
        if (Sse.IsSupported) Sse.Prefetch0((byte*)at + StreamDistance);
    }
}
