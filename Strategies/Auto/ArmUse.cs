namespace Switchyard.Strategies.Auto;

/// <summary>What one strategy of an automatic choice did.</summary>
/// <param name="name">Its name.</param>
public sealed class ArmUse(string name)
{
    /// <summary>The strategy's name.</summary>
    public string Name { get; } = name;

    /// <summary>Steps that it took.</summary>
    public long Steps { get; private set; }

    /// <summary>Tokens that it emitted.</summary>
    public long Tokens { get; private set; }

    /// <summary>Seconds that it took.</summary>
    public double Seconds { get; private set; }

    /// <summary>Tokens that it emitted since requests last came in after a time without any.</summary>
    public long TokensOfAccount { get; private set; }

    /// <summary>What it threw; it was not asked again. Null while it works.</summary>
    public Exception? Failure { get; internal set; }

    /// <summary>Counts anew.</summary>
    internal void Forget() => (Steps, Tokens, Seconds, TokensOfAccount) = (0, 0, 0, 0);

    internal void Begin() => TokensOfAccount = 0;

    internal void Add(int tokens, double seconds) =>
        (Steps, Tokens, Seconds, TokensOfAccount) = (Steps + 1, Tokens + tokens, Seconds + seconds, TokensOfAccount + tokens);
}
