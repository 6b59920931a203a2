namespace Switchyard.Strategies.Drex;

/// <summary>
/// Decides whether rows that stay at an exit go deeper now or wait to be merged. Bounds on size, age, deadlines and progress are
/// the strategy's own and come first; a rule only says what pays. It never changes tokens.
/// </summary>
public interface IRebatchRule
{
    /// <summary>Whether the group goes on now.</summary>
    bool GoOn(in RampSituation situation);
}
