namespace Switchyard.Strategies.Costs;

/// <summary>How a profiler measures. The defaults take well under a second of decoding time in all.</summary>
public sealed record CostProfilerOptions
{
    /// <summary>Tokens from one context of the grid to the next: L of CAST's tables.</summary>
    public int ContextStep { get; init; } = 512;

    /// <summary>Contexts of the grid at most: M.</summary>
    public int MaxContexts { get; init; } = 8;

    /// <summary>The most rows measured: N.</summary>
    public int MaxRows { get; init; } = 64;

    /// <summary>Passes timed for each point; their median counts.</summary>
    public int Repetitions { get; init; } = 3;

    /// <summary>The share of the time since the first measurement that measuring may take; 0 to measure nothing between steps.</summary>
    public double TimeShare { get; init; } = 0.1;

    /// <summary>How far one observed pass moves a correction.</summary>
    public double ObservationWeight { get; init; } = 0.1;
}
