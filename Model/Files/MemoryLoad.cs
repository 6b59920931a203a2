using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>What will run on a model, as far as memory is concerned.</summary>
public sealed record MemoryLoad
{
    /// <summary>Sequences with a full context each.</summary>
    public int Sequences { get; init; } = 1;

    /// <summary>Rows of the arena.</summary>
    public int BatchRows { get; init; } = 64;

    /// <summary>Format of keys and values.</summary>
    public DType CacheType { get; init; } = DType.F32;

    /// <summary>Bytes that the backend takes for a weight of (format, rows, columns); null for as many as the format itself has.</summary>
    public Func<DType, int, int, long>? BackendBytes { get; init; }

    /// <summary>Free memory in bytes; null to ask the machine.</summary>
    public long? FreeBytes { get; init; }
}
