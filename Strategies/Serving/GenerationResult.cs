namespace Switchyard.Strategies.Serving;

/// <summary>A finished generation.</summary>
public sealed record GenerationResult
{
    /// <summary>Generated tokens, the one that ended it included.</summary>
    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>Their text, cut before a stop string; null when the engine has no vocabulary.</summary>
    public required string? Text { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Why it ended.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>The seed that was used: giving it again gives the same tokens.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The strategy's name.</summary>
    public required string Strategy { get; init; }

    /// <summary>What the strategy promises about the tokens.</summary>
    public required DecodingGuarantee Guarantee { get; init; }

    /// <summary>One element per token with its log-probabilities; empty when they were not asked for.</summary>
    public required IReadOnlyList<TokenChoice> LogProbabilities { get; init; }

    /// <summary>What it cost and how drafts fared.</summary>
    public required RequestStatistics Statistics { get; init; }

    /// <summary>Why the strategy did what it did, in one line; null where it had nothing to decide.</summary>
    public string? Decision { get; init; }

    /// <summary>Tokens a second over those of plain decoding, as measured here; null where unknown, and where other requests shared the steps.</summary>
    public double? MeasuredSpeedup { get; init; }

    /// <summary>How long it took.</summary>
    public required GenerationTimings Timings { get; init; }
}
