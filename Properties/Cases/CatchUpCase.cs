namespace Switchyard.Properties;

/// <summary>A cache that somebody left, and the tokens that the next reader wants it to hold.</summary>
/// <param name="Model">Which of the subject's models.</param>
/// <param name="ModelSeed">Which of its random models.</param>
/// <param name="Left">Tokens that the cache holds.</param>
/// <param name="Tokens">Tokens that the reader has; the last one is to be run next.</param>
/// <param name="Polluted">From this slot on a policy that skips layers wrote the cache.</param>
/// <param name="Staged">Slots that a cancelled step left staged.</param>
public sealed record CatchUpCase(int Model, int ModelSeed, int[] Left, int[] Tokens, int Polluted, int Staged)
{
    /// <summary>Cases like this one, smaller.</summary>
    public IEnumerable<CatchUpCase> Smaller()
    {
        if (Staged > 0) yield return this with { Staged = 0 };
        foreach (int[] left in CaseGenerators.Shorter(Left, 0)) yield return this with { Left = left };
        foreach (int[] tokens in CaseGenerators.Shorter(Tokens, 1)) yield return this with { Tokens = tokens };
        if (Polluted < Left.Length) yield return this with { Polluted = Polluted + 1 };
        if (Model > 0) yield return this with { Model = 0 };
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"model {Model}.{ModelSeed}, cache [{string.Join(",", Left)}] by a policy from slot {Polluted}, {Staged} staged; reader [{string.Join(",", Tokens)}]";
}
