namespace Switchyard.Strategies.Speculation;

/// <summary>How drafting went: what a drafter did wrong cost time and is written down here.</summary>
public sealed class DraftReport
{
    /// <summary>Calls of the drafter that threw.</summary>
    public int Failures { get; internal set; }

    /// <summary>What the last of them threw.</summary>
    public Exception? LastFailure { get; internal set; }

    /// <summary>Whether the drafter could not be put right after a failure and is no longer asked.</summary>
    public bool IsAbandoned { get; internal set; }

    /// <summary>Guesses outside the target's vocabulary, and answers that were not numbers. All were dropped.</summary>
    public long RefusedGuesses { get; internal set; }

    /// <summary>Seconds spent drafting.</summary>
    public double DraftSeconds { get; internal set; }

    /// <summary>Seconds spent in the target's passes.</summary>
    public double VerifySeconds { get; internal set; }

    /// <summary>One line for people; empty when nothing went wrong.</summary>
    public override string ToString() => (Failures, RefusedGuesses) switch
    {
        (0, 0) => "",
        (0, _) => $"the drafter made {RefusedGuesses} guesses outside the vocabulary or not numbers; they were dropped",
        _ => $"the drafter failed {Failures} times{(IsAbandoned ? " and is no longer asked" : "")}; last: {LastFailure?.Message}",
    };
}
