using Switchyard.Strategies;

namespace Switchyard;

/// <summary>What one request produced and what it cost. Names are the same in code, on the command line and in JSON.</summary>
public sealed record DecodeReport
{
    /// <summary>The generated text, cut before a stop string.</summary>
    public required string Text { get; init; }

    /// <summary>Generated token ids, the one that ended the request included.</summary>
    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>Tokens of the prompt, BOS included.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Why the request ended.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>The seed that was given, or the one that was drawn: with it the same tokens come again.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The strategy, as it is spelt.</summary>
    public required string Strategy { get; init; }

    /// <summary>What the strategy promises about its tokens.</summary>
    public required DecodingGuarantee Guarantee { get; init; }

    /// <summary>Milliseconds from handing the request over to its first token; null where none came.</summary>
    public required double? TimeToFirstTokenMs { get; init; }

    /// <summary>Tokens per second after the first token; null where fewer than two came.</summary>
    public required double? TokensPerSecond { get; init; }

    /// <summary>Forward passes of the target that the request took part in, prompt included.</summary>
    public required int TargetForwards { get; init; }

    /// <summary>Rows of the request run through a layer of the target, summed over layers, prompt included.</summary>
    public required long LayerRows { get; init; }

    /// <summary>Rows of the request at which the target checked drafts.</summary>
    public required int VerifiedRows { get; init; }

    /// <summary>Forward passes of any other model that the request took part in.</summary>
    public required int DraftForwards { get; init; }

    /// <summary>Draft tokens shown to the target.</summary>
    public required int DraftTokens { get; init; }

    /// <summary>Draft tokens that the target kept.</summary>
    public required int AcceptedDraftTokens { get; init; }

    /// <summary>Tokens per step that checked drafts, the bonus token included; 0 where none did.</summary>
    public required double MeanAcceptanceLength { get; init; }

    /// <summary>Accepted over drafted; 0 where nothing was drafted.</summary>
    public required double DraftAcceptanceRate { get; init; }

    /// <summary>How the guesses of each level of a ladder fared, from the bottom; null where the strategy has no ladder.</summary>
    public IReadOnlyList<LevelTally>? Levels { get; init; }

    /// <summary>
    /// The share of tokens that each of <see cref="Levels"/> guessed or kept last, and after them the target's own; they sum to 1 (level_share).
    /// Null where the strategy has no ladder.
    /// </summary>
    public IReadOnlyList<double>? LevelShare
    {
        get
        {
            if (Levels is null) return null;
            int kept = Levels.Sum(level => level.Kept);
            double all = Math.Max(1, Math.Max(kept, Tokens.Count)); // what came after a stop was kept as well
            return [.. Levels.Select(level => level.Kept / all), 1 - kept / all];
        }
    }

    /// <summary>Steps that checked drafts (num_spec_steps).</summary>
    public int SpeculativeSteps { get; init; }

    /// <summary>How many of those steps accepted 0, 1, 2, … draft tokens; empty where none checked any (acceptance_histogram).</summary>
    public IReadOnlyList<int> AcceptanceHistogram { get; init; } = [];

    /// <summary>The same by the number of draft tokens that were shown (acceptance_histogram_by_draft_length).</summary>
    public IReadOnlyDictionary<int, IReadOnlyList<int>> AcceptanceHistogramByDraftLength { get; init; } = new Dictionary<int, IReadOnlyList<int>>();

    /// <summary>The share of those steps that accepted at least 1, 2, … draft tokens.</summary>
    public IReadOnlyList<double> AcceptanceByPosition { get; init; } = [];

    /// <summary>Draft tokens shown, step by step (per_step_drafted).</summary>
    public IReadOnlyList<int> PerStepDrafted { get; init; } = [];

    /// <summary>Draft tokens accepted, step by step (per_step_accepted).</summary>
    public IReadOnlyList<int> PerStepAccepted { get; init; } = [];

    /// <summary>Milliseconds for each token after the first, drafting and checking included; null where fewer than two came (ms_per_committed_token).</summary>
    public double? MsPerCommittedToken => 1000 / TokensPerSecond;

    /// <summary>Layers that each token was given after, one number a token; null where the strategy has no exits.</summary>
    public IReadOnlyList<int>? LayersByToken { get; init; }

    /// <summary>Tokens by the layers they were given after, full depth included; null where the strategy has no exits.</summary>
    public IReadOnlyDictionary<int, int>? ExitsByLayer { get; init; }

    /// <summary>For each layer, how many tokens were given without it, [layers] (layer_skip_counts); null where the strategy has no exits.</summary>
    public IReadOnlyList<int>? LayerSkipCounts { get; init; }

    /// <summary>Times the request waited at an exit and went on with others; null where the strategy has no exits.</summary>
    public int? Rebatches { get; init; }

    /// <summary>Tokens per second over those of plain decoding on this machine; 1 for plain itself, null where not measured and where other requests shared the steps.</summary>
    public double? MeasuredSpeedup { get; init; }

    /// <summary>Why the strategy did what it did, in one line; null where it had nothing to decide.</summary>
    public string? Decision { get; init; }
}
