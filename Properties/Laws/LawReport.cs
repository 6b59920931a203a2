namespace Switchyard.Properties;

/// <summary>What came of checking one law.</summary>
public sealed record LawReport
{
    /// <summary>The law's id.</summary>
    public required string LawId { get; init; }

    /// <summary>The law as a sentence.</summary>
    public required string Sentence { get; init; }

    /// <summary>What was checked.</summary>
    public required string Subject { get; init; }

    /// <summary>How it came out.</summary>
    public required LawOutcome Outcome { get; init; }

    /// <summary>Cases that the law applied to.</summary>
    public required int Cases { get; init; }

    /// <summary>What was found in <see cref="Counterexample"/>, or why the law does not apply.</summary>
    public string Finding { get; init; } = "";

    /// <summary>The smallest case found that contradicts the law; empty where none does.</summary>
    public string Counterexample { get; init; } = "";

    /// <summary>Give this to <see cref="LawOptions.Replay"/> to run the contradicting case again; empty where none does.</summary>
    public string ReplayId { get; init; } = "";

    /// <summary>Steps by which the case was made smaller.</summary>
    public int Shrinks { get; init; }

    /// <summary>Returns this report unless the law is broken.</summary>
    /// <exception cref="LawBrokenException">It is broken.</exception>
    public LawReport ThrowIfBroken() => Outcome == LawOutcome.Broken ? throw new LawBrokenException(ToString()) : this;

    /// <inheritdoc/>
    public override string ToString() => Outcome switch
    {
        LawOutcome.Held => $"{LawId} held in {Cases} cases ({Subject})",
        LawOutcome.Broken =>
            $"{LawId} is broken by {Subject}: {Sentence}\n  found   {Finding}\n  in      {Counterexample} ({Shrinks} shrinks)\n  repeat  {ReplayId}",
        _ => $"{LawId} {Outcome} ({Subject}): {Finding}",
    };
}
