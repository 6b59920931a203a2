namespace Switchyard.Strategies.Auto;

/// <summary>How the automatic choice risks and probes. The defaults serve.</summary>
public sealed record AutoOptions
{
    /// <summary>Share of plain time that may be lost.</summary>
    public double MaxLoss { get; init; } = 0.01;

    /// <summary>Plain steps that may be lost beside it.</summary>
    public double AllowedSteps { get; init; } = 2;

    /// <summary>Plain steps that requests may lose beyond that, out of what was won or not spent before they came in.</summary>
    public double CarriedSteps { get; init; } = 16;

    /// <summary>Tokens a request commits before a strategy that did not pay is probed again, at first; doubled after every failure.</summary>
    public int FirstProbe { get; init; } = 4;

    /// <summary>The longest pause between probes of a strategy, in tokens; the less its probes lose, the shorter. No strategy is given up for good.</summary>
    public int LastProbe { get; init; } = 32_768;

    /// <summary>Steps that a probe measures at least before its strategy takes over; eight times as many at most.</summary>
    public int ProbeSteps { get; init; } = 3;

    /// <summary>Steps with drafts that a probe begins with and that are not measured: caches and predictors are still another strategy's.</summary>
    public int SettlingSteps { get; init; } = 2;

    /// <summary>Lead, as a share, that a probed strategy needs over the one in use.</summary>
    public double Lead { get; init; } = 0.03;

    /// <summary>The longest that the first step of a strategy is thought to take, in plain steps.</summary>
    public double FirstBound { get; init; } = 2;

    /// <summary>
    /// The longest that a step of a strategy may take, by its place and the number of requests; null: as measured, with a margin, and
    /// <see cref="FirstBound"/> before that.
    /// </summary>
    public Func<int, int, double>? StepBound { get; init; }

    /// <summary>The clock that steps are measured with.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
