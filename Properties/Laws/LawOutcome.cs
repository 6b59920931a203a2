namespace Switchyard.Properties;

/// <summary>How a law came out.</summary>
public enum LawOutcome
{
    /// <summary>No case contradicted it.</summary>
    Held,

    /// <summary>A case contradicted it.</summary>
    Broken,

    /// <summary>It says nothing about this subject.</summary>
    NotApplicable,

    /// <summary>The time ran out before the first case.</summary>
    OutOfTime,
}
