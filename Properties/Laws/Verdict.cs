namespace Switchyard.Properties;

/// <summary>What a law found in one case.</summary>
/// <param name="Outcome">Held, broken, or not applicable to this case.</param>
/// <param name="Finding">What was found where it broke, or why it does not apply; empty where it held.</param>
public readonly record struct Verdict(LawOutcome Outcome, string Finding)
{
    /// <summary>The case is as the law says.</summary>
    public static Verdict Held => new(LawOutcome.Held, "");

    /// <summary>The case contradicts the law.</summary>
    public static Verdict Broken(string finding) => new(LawOutcome.Broken, finding);

    /// <summary>The law says nothing about this case or this subject.</summary>
    public static Verdict NotApplicable(string why) => new(LawOutcome.NotApplicable, why);

    /// <summary>Held, or broken with a finding that is made only then.</summary>
    public static Verdict Of(bool holds, Func<string> finding) => holds ? Held : Broken(finding());
}
