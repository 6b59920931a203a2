using Switchyard.Model;

namespace Switchyard.Strategies.Drex;

/// <summary>Parts of DREX that can be exchanged; null takes the usual one.</summary>
public sealed record DrexParts
{
    /// <summary>Exits with a norm and projection of their own; other depths read out through the model's own norm and head. Not owned.</summary>
    public IReadOnlyList<ExitHead>? Heads { get; init; }

    /// <summary>What passes take; null: learned while running.</summary>
    public ISplitCosts? Costs { get; init; }

    /// <summary>When rows that stay go on; null: <see cref="GatheringRule"/>.</summary>
    public IRebatchRule? Rule { get; init; }

    /// <summary>Under <see cref="StayRule.Paper"/>: rows that must be exceeded by those that want to leave, by rows of the batch; null: <see cref="DrexOptions.SplitThreshold"/>, or ART.</summary>
    public Func<int, double>? SplitAbove { get; init; }

    /// <summary>Replaces measured confidences; null: none.</summary>
    public IConfidenceSource? Confidence { get; init; }

    /// <summary>Disposed with the strategy, before its runner: what <see cref="Heads"/> lie in.</summary>
    public IDisposable? Owned { get; init; }

    /// <summary>The clock of deadlines and measurements; null: the system's.</summary>
    public TimeProvider? Time { get; init; }
}
