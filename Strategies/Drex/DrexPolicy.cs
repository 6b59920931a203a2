namespace Switchyard.Strategies.Drex;

/// <summary>Who leaves at an exit, and who waits (DREX, arXiv:2512.15705, and the baselines it is measured against).</summary>
public enum DrexPolicy
{
    /// <summary>Sure rows leave; the others go on or wait to be merged (<see cref="StayRule"/>).</summary>
    Rebatch,

    /// <summary>No exits: plain decoding.</summary>
    Off,

    /// <summary>Everybody leaves as soon as one row is sure: unsure rows are forced out.</summary>
    Eager,

    /// <summary>Everybody leaves when all rows are sure; until then sure rows are forced to stay.</summary>
    Lazy,

    /// <summary>Everybody leaves when the mean confidence is above the mean threshold.</summary>
    Average,

    /// <summary>Everybody leaves when the median of (confidence − threshold) is above 0.</summary>
    Median,

    /// <summary>A sure row's token is taken at the exit, and the row runs on through every layer: earlier tokens, no less work.</summary>
    LatencyOnly,
}
