namespace Switchyard.Properties;

/// <summary>What rows do between embedding and read-out.</summary>
public enum RowPolicy
{
    /// <summary>Every layer.</summary>
    Exact,

    /// <summary>Layers are left out at random; what they would have stored is absent.</summary>
    SkipAbsent,

    /// <summary>Layers are left out at random; what they would have stored is zero.</summary>
    SkipZero,

    /// <summary>Rows leave early at random; the last layer they ran stands in for the rest.</summary>
    Exit,
}

/// <summary>Sequences of given tokens that run side by side, one row each a pass, until each is at its end.</summary>
/// <param name="Model">Which of the subject's models.</param>
/// <param name="ModelSeed">Which of its random models.</param>
/// <param name="Sequences">Tokens of each sequence.</param>
/// <param name="Policy">What every row does.</param>
/// <param name="Seed">Of the order of rows, of chunk sizes and of the policy's choices.</param>
public sealed record BatchCase(int Model, int ModelSeed, int[][] Sequences, RowPolicy Policy, int Seed)
{
    /// <summary>Cases like this one, smaller.</summary>
    public IEnumerable<BatchCase> Smaller()
    {
        if (Policy != RowPolicy.Exact) yield return this with { Policy = RowPolicy.Exact };
        for (int i = 0; i < Sequences.Length && Sequences.Length > 1; i++)
            yield return this with { Sequences = [.. Sequences[..i], .. Sequences[(i + 1)..]] };
        for (int i = 0; i < Sequences.Length; i++)
            foreach (int[] shorter in CaseGenerators.Shorter(Sequences[i], 1))
                yield return this with { Sequences = [.. Sequences[..i], shorter, .. Sequences[(i + 1)..]] };
        if (Model > 0) yield return this with { Model = 0 };
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"model {Model}.{ModelSeed}, {Policy}, seed {Seed}, sequences [{string.Join("; ", Sequences.Select(s => string.Join(",", s)))}]";
}
