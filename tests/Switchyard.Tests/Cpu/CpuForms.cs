using Switchyard.Backends.Cpu;

namespace Switchyard.Tests.Cpu;

internal static class CpuForms
{
    /// <summary>The forms of kernels that this machine can run.</summary>
    public static Isa[] Supported { get; } = [.. Enum.GetValues<Isa>().Where(CpuBackend.Supports)];
}
