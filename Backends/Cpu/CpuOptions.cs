namespace Switchyard.Backends.Cpu;

/// <summary>How a <see cref="CpuBackend"/> uses the machine.</summary>
public sealed record CpuOptions
{
    /// <summary>Threads, the caller's included; 0 for one per processor that the process may use.</summary>
    public int Threads { get; init; }

    /// <summary>The best form of kernels to use; null for the best that the processor has. Results do not depend on it.</summary>
    public Isa? Isa { get; init; }
}
