namespace Switchyard.Backends.Cpu;

/// <summary>How a <see cref="CpuBackend"/> uses the machine.</summary>
public sealed record CpuOptions
{
    /// <summary>The most threads a backend starts: far more than help, and few enough that the system can start them.</summary>
    public const int MaxThreads = 512;

    /// <summary>Threads, the caller's included, up to <see cref="MaxThreads"/>; 0 for one per processor that the process may use.</summary>
    public int Threads { get; init; }

    /// <summary>The best form of kernels to use; null for the best that the processor has. Results do not depend on it.</summary>
    public Isa? Isa { get; init; }
}
