namespace Switchyard.Strategies;

/// <summary>Counts of one step, or of several added up. Accepted tokens exclude the bonus token.</summary>
/// <param name="Emitted">Tokens emitted over all requests, bonus tokens included.</param>
/// <param name="Drafted">Draft tokens shown to the target.</param>
/// <param name="Accepted">Draft tokens the target kept.</param>
/// <param name="LayerRows">Σ over target layers of the rows run there: the work that skipping and exiting save.</param>
/// <param name="TargetForwards">Forward passes of the target, whole or partial.</param>
/// <param name="DraftForwards">Forward passes of any other model.</param>
/// <param name="VerifiedRows">Rows of which the target's own choice was computed in order to check drafts.</param>
/// <param name="CaughtUp">Tokens that other models read because they lagged far behind, not for a guess of this step.</param>
public readonly record struct StepStats(
    int Emitted, int Drafted = 0, int Accepted = 0, long LayerRows = 0, int TargetForwards = 0, int DraftForwards = 0, int VerifiedRows = 0, int CaughtUp = 0)
{
    /// <summary>Adds counts.</summary>
    public static StepStats operator +(StepStats left, StepStats right) => new(
        left.Emitted + right.Emitted, left.Drafted + right.Drafted, left.Accepted + right.Accepted, left.LayerRows + right.LayerRows,
        left.TargetForwards + right.TargetForwards, left.DraftForwards + right.DraftForwards, left.VerifiedRows + right.VerifiedRows,
        left.CaughtUp + right.CaughtUp);

    /// <summary>Adds counts.</summary>
    public static StepStats Add(StepStats left, StepStats right) => left + right;
}
