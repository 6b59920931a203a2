using Switchyard.Properties;
using Switchyard.Strategies;

namespace Switchyard.Cli.Verification;

/// <summary>Runs laws within a budget of time: on tiny models, on the user's model, and with mistakes planted.</summary>
internal sealed class Verifier(VerifySubjects subjects, TimeSpan budget, IReadOnlyList<string> lawIds, string? replay, TimeProvider time)
{
    private const double Effort = 1000; // the budget ends a law, not its number of cases

    // On the user's own model: its tokens, and its logits to the bit. The reference backend would take hours for a real model.
    private static readonly string[] OwnLaws = ["tokens/same", "tokens/schedule", "steps/accounting", "model/tree-rows", "model/batch-alone", "model/rollback"];

    private const string Tiny = "tiny", Yours = "yours";
    private const double OwnWeight = 4, RequestsOfACase = 6, CasesHopedFor = 3; // a case decodes about three requests, together and alone
    private const int MostTokensOfACase = 40;

    private static readonly TimeSpan LeastShrinking = TimeSpan.FromSeconds(5);

    private readonly long _start = time.GetTimestamp();

    /// <summary>Told of every law as it ends.</summary>
    public Action<LawLine>? OnLaw { get; init; }

    /// <summary>Told of every planted mistake as it is tried.</summary>
    public Action<BugLine>? OnBug { get; init; }

    /// <summary>What the strategy as it is spelt promises.</summary>
    public DecodingGuarantee Claim => subjects.Claim;

    private TimeSpan Left => budget - time.GetElapsedTime(_start);

    /// <summary>New tokens of a request on the user's own model at most; null for no limit. Measured unless given.</summary>
    public int? OwnTokens { get; set; }

    /// <summary>Every law on tiny models, and next to it on the user's own model where that can be afforded: tokens first.</summary>
    public List<LawLine> Laws(CancellationToken cancellation)
    {
        var plan = new List<(Law Law, string Where, double Weight)>();
        foreach (Law law in Chosen(LawBook.Of(LawKind.Strategy, LawKind.Model, LawKind.Sampling, LawKind.Text).OrderBy(law => law.Kind != LawKind.Strategy)))
        {
            plan.Add((law, Tiny, 1));
            if (OwnLaws.Contains(law.Id)) plan.Add((law, Yours, OwnWeight));
        }
        double weights = plan.Sum(entry => entry.Weight);
        if (plan.Exists(entry => entry.Where == Yours) && Left > TimeSpan.Zero && replay is null) OwnTokens ??= Affordable(budget * (OwnWeight / weights));
        LawSubject own = subjects.Own with { MostNewTokens = OwnTokens };
        var lines = new List<LawLine>();
        foreach ((Law law, string where, double weight) in plan)
        {
            cancellation.ThrowIfCancellationRequested();
            LawReport report = law.Check(where == Tiny ? subjects.Tiny : own, Options(Left * (weight / weights)));
            weights -= weight;
            lines.Add(LawLine.Of(report, where, subjects.Repeat(report, where == Yours ? OwnTokens : null)));
            OnLaw?.Invoke(lines[^1]);
        }
        return lines;
    }

    /// <summary>New tokens with which a few cases fit a law's share of the time; null where any number does.</summary>
    private int? Affordable(TimeSpan share)
    {
        double tokens = subjects.OwnSpeed(time) * share.TotalSeconds / RequestsOfACase / CasesHopedFor;
        return tokens >= MostTokensOfACase ? null : Math.Max(1, (int)tokens);
    }

    private LawOptions Options(TimeSpan slice)
    {
        if (replay is not null) return new LawOptions { Replay = replay, Time = time };
        if (slice < TimeSpan.Zero) slice = TimeSpan.Zero;
        return new LawOptions { Effort = Effort, Budget = slice, ShrinkBudget = slice + LeastShrinking, Time = time }; // a smaller counter-example is worth some overtime
    }

    /// <summary>Plants every law's mistakes and says which were caught.</summary>
    public List<BugLine> SelfTest(CancellationToken cancellation)
    {
        var lines = new List<BugLine>();
        foreach (Law law in Chosen(LawBook.All))
            foreach (PlantedBug bug in law.Bugs)
            {
                cancellation.ThrowIfCancellationRequested();
                LawReport report = law.Check(bug.Plant(subjects.Tiny), new LawOptions { Shrink = false, Effort = 5, Time = time });
                lines.Add(new BugLine(law.Id, bug.Id, bug.Sentence, report.Outcome == LawOutcome.Broken));
                OnBug?.Invoke(lines[^1]);
            }
        return lines;
    }

    private Law[] Chosen(IEnumerable<Law> laws) => [.. laws.Where(law => lawIds.Count == 0 || lawIds.Contains(law.Id))];
}
