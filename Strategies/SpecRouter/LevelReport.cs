namespace Switchyard.Strategies.SpecRouter;

/// <summary>How one level of a ladder fared. What a level below the target did wrong cost time and is written down here.</summary>
/// <param name="name">The level's name.</param>
public sealed class LevelReport(string name)
{
    /// <summary>The level's name.</summary>
    public string Name { get; } = name;

    /// <summary>Passes run.</summary>
    public long Passes { get; internal set; }

    /// <summary>Rows run.</summary>
    public long Rows { get; internal set; }

    /// <summary>Seconds of its passes, choosing and bookkeeping included.</summary>
    public double Seconds { get; internal set; }

    /// <summary>Tokens the target was shown that this level had chosen or kept last.</summary>
    public long Offered { get; internal set; }

    /// <summary>Those the target kept; for the target itself, tokens of its own.</summary>
    public long Committed { get; internal set; }

    /// <summary>Calls that threw; the level was left out for a while after each.</summary>
    public int Failures { get; internal set; }

    /// <summary>Answers for single requests that were not numbers or not tokens; the request did without the level for a while.</summary>
    public int RefusedAnswers { get; internal set; }

    /// <summary>What went wrong last.</summary>
    public Exception? LastFailure { get; internal set; }

    /// <summary>What went wrong, for people; null where nothing did.</summary>
    public string? Faults => Failures + RefusedAnswers == 0
        ? null
        : FormattableString.Invariant($"failed {Failures} times, {RefusedAnswers} answers refused; last: {LastFailure?.Message ?? "a token outside the vocabulary"}");

    /// <summary>One line for people.</summary>
    public override string ToString()
    {
        string line = FormattableString.Invariant($"{Name}: {Passes} passes, {Committed} of {Offered} tokens kept");
        return Faults is null ? line : $"{line}, {Faults}";
    }
}
