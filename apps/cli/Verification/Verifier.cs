using Switchyard.Properties;
using Switchyard.Strategies;

namespace Switchyard.Cli.Verification;

/// <summary>Runs laws within a budget of time: on tiny models, on the user's model, and with mistakes planted.</summary>
internal sealed class Verifier(VerifySubjects subjects, TimeSpan budget, IReadOnlyList<string> lawIds, string? replay, TimeProvider time)
{
    private const double Effort = 1000; // the budget ends a law, not its number of cases

    // On the user's own model: its tokens, and its logits to the bit. The reference backend would take hours for a real model.
    private static readonly string[] OwnLaws = ["tokens/same", "tokens/schedule", "steps/accounting", "model/tree-rows", "model/batch-alone", "model/rollback"];

    private readonly long _start = time.GetTimestamp();

    /// <summary>Told of every law as it ends.</summary>
    public Action<LawLine>? OnLaw { get; init; }

    /// <summary>Told of every planted mistake as it is tried.</summary>
    public Action<BugLine>? OnBug { get; init; }

    /// <summary>What the strategy as it is spelt promises.</summary>
    public DecodingGuarantee Claim => subjects.Claim;

    private TimeSpan Left => budget - time.GetElapsedTime(_start);

    /// <summary>Every law on tiny models, and next to it on the user's own model where that can be afforded: tokens first.</summary>
    public List<LawLine> Laws(CancellationToken cancellation)
    {
        var plan = new List<(Law Law, LawSubject Subject, string Where)>();
        foreach (Law law in Chosen(LawBook.Of(LawKind.Strategy, LawKind.Model, LawKind.Sampling, LawKind.Text).OrderBy(law => law.Kind != LawKind.Strategy)))
        {
            plan.Add((law, subjects.Tiny, "tiny"));
            if (OwnLaws.Contains(law.Id)) plan.Add((law, subjects.Own, "yours"));
        }
        var lines = new List<LawLine>();
        for (int i = 0; i < plan.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            (Law law, LawSubject subject, string where) = plan[i];
            TimeSpan slice = Left / (plan.Count - i);
            LawOptions options = replay is null
                ? new LawOptions { Effort = Effort, Budget = slice > TimeSpan.Zero ? slice : TimeSpan.Zero, Time = time }
                : new LawOptions { Replay = replay, Time = time };
            lines.Add(LawLine.Of(law.Check(subject, options), where));
            OnLaw?.Invoke(lines[^1]);
        }
        return lines;
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
