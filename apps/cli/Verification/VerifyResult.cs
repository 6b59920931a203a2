using Switchyard.Properties;

namespace Switchyard.Cli.Verification;

/// <summary>One law and how it came out.</summary>
internal sealed record LawLine(string Law, string Where, LawOutcome Outcome, int Cases, string Sentence, string Finding, string Counterexample, string Replay, string Repeat)
{
    /// <summary>The outcome as people read it.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string Word => Outcome switch
    {
        LawOutcome.Held => "held",
        LawOutcome.Broken => "BROKEN",
        LawOutcome.OutOfTime => "out of time",
        _ => "not applicable",
    };

    public static LawLine Of(LawReport report, string where, string repeat) => new(
        report.LawId, where, report.Outcome, report.Cases, report.Sentence, report.Finding, report.Counterexample, report.ReplayId, repeat);
}

/// <summary>A planted mistake and whether its law caught it.</summary>
internal sealed record BugLine(string Law, string Bug, string Sentence, bool Caught);

/// <summary>What <c>verify --json</c> prints.</summary>
internal sealed record VerifyResult(string Strategy, string Claim, string Model, IReadOnlyList<LawLine> Laws, IReadOnlyList<BugLine> Bugs, double Seconds, int? OwnTokens)
{
    public int Held => Laws.Count(line => line.Outcome == LawOutcome.Held);

    public int Broken => Laws.Count(line => line.Outcome == LawOutcome.Broken);

    public int BugsMissed => Bugs.Count(line => !line.Caught);

    public int ExitCode =>
        Broken + BugsMissed > 0 ? ExitCodes.CheckFailed
        : Held + Bugs.Count == 0 ? ExitCodes.OutOfTime
        : ExitCodes.Ok;
}
