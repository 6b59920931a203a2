namespace Switchyard.Model;

/// <summary>
/// What wrote a cached slot. Exact rows serve every reader; rows of a policy (layers skipped, exited early, adapted) serve that
/// policy alone, so that plain decoding never reads a polluted row.
/// </summary>
/// <param name="Policy">0 for exact; otherwise a number that a strategy instance chose for its policy.</param>
public readonly record struct Provenance(ushort Policy)
{
    /// <summary>Every layer was run on exact inputs.</summary>
    public static Provenance Exact => default;

    /// <summary>Whether a reader of provenance <paramref name="reader"/> may use a slot of this one.</summary>
    public bool Serves(Provenance reader) => Policy == 0 || Policy == reader.Policy;
}
