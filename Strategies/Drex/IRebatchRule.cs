namespace Switchyard.Strategies.Drex;

/// <summary>
/// Decides how many of the rows that stay at an exit go deeper now; the others wait to be merged. Bounds on size, age, deadlines
/// and progress are the strategy's own and come first; a rule only says what pays. It never changes tokens.
/// </summary>
public interface IRebatchRule
{
    /// <summary>How many rows go on now, first in, first out: from 0 to <see cref="RampSituation.Waiting"/>.</summary>
    int Rows(in RampSituation situation);
}
