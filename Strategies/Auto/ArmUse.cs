namespace Switchyard.Strategies.Auto;

/// <summary>What one strategy of an automatic choice did.</summary>
/// <param name="name">Its name.</param>
public sealed class ArmUse(string name)
{
    /// <summary>The strategy's name.</summary>
    public string Name { get; } = name;

    /// <summary>Steps that it took.</summary>
    public long Steps { get; internal set; }

    /// <summary>Tokens that it emitted.</summary>
    public long Tokens { get; internal set; }

    /// <summary>Seconds that it took.</summary>
    public double Seconds { get; internal set; }

    /// <summary>What it threw; it was not asked again. Null while it works.</summary>
    public Exception? Failure { get; internal set; }

    /// <summary>Counts anew.</summary>
    internal void Forget() => (Steps, Tokens, Seconds) = (0, 0, 0);
}
