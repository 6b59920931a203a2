namespace Switchyard;

/// <summary>Whether one model can draft for another, and what that is expected to bring on this machine.</summary>
public sealed record DraftCheck
{
    /// <summary>What a draft must promise at least: less is within what measurements vary by.</summary>
    public const double LeastSpeedUp = 1.05;

    /// <summary>Where the target was looked for.</summary>
    public required string Target { get; init; }

    /// <summary>Where the draft was looked for.</summary>
    public required string Draft { get; init; }

    /// <summary>Ids of the target's vocabulary.</summary>
    public required int TargetVocabulary { get; init; }

    /// <summary>Ids of the draft's vocabulary.</summary>
    public required int DraftVocabulary { get; init; }

    /// <summary>Ids that mean different tokens; with any, the draft cannot serve, and no weight was loaded.</summary>
    public required int DifferingIds { get; init; }

    /// <summary>Why the draft cannot serve; null where it can.</summary>
    public string? Refusal { get; init; }

    /// <summary>Tokens that the estimate of <see cref="Acceptance"/> rests on.</summary>
    public int GuessesChecked { get; init; }

    /// <summary>The share of guesses that the target kept, given that it kept those before; null where nothing was measured.</summary>
    public double? Acceptance { get; init; }

    /// <summary>Milliseconds of a pass of the target over one row.</summary>
    public double? TargetMs { get; init; }

    /// <summary>Milliseconds of a pass of the draft over one row.</summary>
    public double? DraftMs { get; init; }

    /// <summary>The length of chains that is expected to be fastest; 0 for plain decoding.</summary>
    public int Length { get; init; }

    /// <summary>Expected tokens for the time that plain decoding takes for one, by chains of <see cref="Length"/>; null where nothing was measured.</summary>
    public double? PredictedSpeedUp { get; init; }

    /// <summary>Whether the ids mean the same.</summary>
    public bool Fits => Refusal is null;

    /// <summary>Whether the draft is worth its time.</summary>
    public bool WorthIt => PredictedSpeedUp >= LeastSpeedUp;
}
