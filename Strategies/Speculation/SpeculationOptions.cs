using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Passes;

namespace Switchyard.Strategies.Speculation;

/// <summary>What a speculative strategy needs beside models and a shape. The defaults serve.</summary>
public sealed record SpeculationOptions
{
    /// <summary>How much of waiting prompts a step runs.</summary>
    public PromptChunks PromptChunks { get; init; } = PromptChunks.Default;

    /// <summary>Tokens of the vocabulary that have a meaning; logits beyond are padding.</summary>
    public int TokenCount { get; init; } = int.MaxValue;

    /// <summary>Turns what drafters say into chances; null: they are taken at their word.</summary>
    public Reliability? Reliability { get; init; }

    /// <summary>
    /// Measures what a plain step takes, in three passes between steps, so that reports can say what speculation brought.
    /// CAST measures it anyway.
    /// </summary>
    public bool MeasuresPlain { get; init; }

    /// <summary>How CAST measures costs; null for the defaults.</summary>
    public CostProfilerOptions? Profiling { get; init; }

    /// <summary>The clock that steps are measured with.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
