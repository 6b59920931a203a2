namespace Switchyard.Strategies.Cast;

/// <summary>Limits and thresholds of CAST. The defaults tune themselves.</summary>
public sealed record CastOptions
{
    /// <summary>The deepest that trees grow.</summary>
    public int MaxDepth { get; init; } = 8;

    /// <summary>Nodes expanded in a layer at most, and children of each: K of the paper.</summary>
    public int MaxBreadth { get; init; } = 8;

    /// <summary>Nodes of a request that are verified at most.</summary>
    public int MaxNodes { get; init; } = 64;

    /// <summary>C1: accepted tokens that the time of one target pass must bring when a layer is widened; null tunes itself.</summary>
    public double? BreadthThreshold { get; init; }

    /// <summary>C2: likewise when a tree is deepened; null tunes itself.</summary>
    public double? DepthThreshold { get; init; }

    /// <summary>C3: likewise when more nodes are verified; null tunes itself.</summary>
    public double? VerifyThreshold { get; init; }

    /// <summary>Ratios of utilities remembered for every layer: R.</summary>
    public int DecayWindow { get; init; } = 32;

    /// <summary>Every request has its own widths, by what each further row is worth over the batch; false for one width for all, as in the paper.</summary>
    public bool PerRequest { get; init; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Names the option.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxDepth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxBreadth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxNodes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(DecayWindow);
        foreach (double? threshold in (ReadOnlySpan<double?>)[BreadthThreshold, DepthThreshold, VerifyThreshold])
            if (threshold is { } c && !(c >= 0)) throw new ArgumentOutOfRangeException(nameof(BreadthThreshold), c, "Thresholds C1, C2 and C3 are numbers from 0.");
    }
}
