using Switchyard.Strategies.Passes;

namespace Switchyard.Strategies.SpecRouter;

/// <summary>What a router needs beside its ladder and its policy. The defaults serve.</summary>
public sealed record SpecRouterOptions
{
    /// <summary>How much of waiting prompts, and of what smaller models lag behind, a pass runs.</summary>
    public PromptChunks PromptChunks { get; init; } = PromptChunks.Default;

    /// <summary>Tokens of the target's vocabulary that have a meaning; a level that names another one is not believed.</summary>
    public int TokenCount { get; init; } = int.MaxValue;

    /// <summary>Share of the decoding sequences that must need a level before its pass runs while others are still behind.</summary>
    public double ReadyShare { get; init; } = 0.5;

    /// <summary>Blocks of a level's tokens of which one has its distribution compared with the checking level's.</summary>
    public int CompareEvery { get; init; } = 4;

    /// <summary>Alternatives that the target checks beside pending tokens at most; 0 for chains.</summary>
    public int MaxBranches { get; init; }

    /// <summary>
    /// Measures what a plain step takes, in three passes between steps, so that reports can say what the chain brought and the
    /// policy knows what it is up against.
    /// </summary>
    public bool MeasuresPlain { get; init; }

    /// <summary>The clock that passes are measured with.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
