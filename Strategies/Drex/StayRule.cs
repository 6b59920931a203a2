namespace Switchyard.Strategies.Drex;

/// <summary>Whether a sure row may be kept in the batch.</summary>
public enum StayRule
{
    /// <summary>A sure row always leaves; costs decide only about the others. Tokens do not depend on company.</summary>
    Never,

    /// <summary>
    /// The paper's: a batch is split only if enough rows want to leave (<see cref="AdaptiveRebatchingThreshold"/>), otherwise
    /// sure rows are carried on. Tokens depend on company.
    /// </summary>
    Paper,
}
