namespace Switchyard.Properties;

/// <summary>A strategy of a simulated world.</summary>
/// <param name="Length">Tokens drafted a step.</param>
/// <param name="DraftCost">A drafted token's cost, in shares of a plain step.</param>
/// <param name="Accepted">Accepted drafts of each step, repeated; a lone 0 for never.</param>
/// <param name="Honeymoon">Steps in a row in which everything is accepted, and nothing after them until another strategy ran; 0 for <paramref name="Accepted"/>.</param>
public sealed record SimulatedArm(int Length, double DraftCost, int[] Accepted, int Honeymoon = 0)
{
    /// <summary>Accepted drafts of one step.</summary>
    /// <param name="step">Its number among the strategy's steps.</param>
    /// <param name="inRow">Steps of this strategy right before it.</param>
    public int AcceptedAt(int step, int inRow) => Honeymoon > 0 ? inRow < Honeymoon ? Length : 0 : Accepted[step % Accepted.Length];

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant(
        $"{Length} at {DraftCost} accept {(Honeymoon > 0 ? $"all for {Honeymoon} steps, then none" : $"[{string.Join(',', Accepted)}]")}");
}
