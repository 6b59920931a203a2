namespace Switchyard.Strategies.Serving;

/// <summary>Limits of an engine.</summary>
public sealed record EngineOptions
{
    /// <summary>Requests decoded together by one strategy.</summary>
    public int MaxBatch { get; init; } = 8;

    /// <summary>Requests that may wait for a place; starting another waits until one has left the queue.</summary>
    public int MaxQueue { get; init; } = 256;

    /// <summary>The clock of timings and metrics.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBatch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueue, 1);
        ArgumentNullException.ThrowIfNull(Time);
    }
}
