using FsCheck;
using FsCheck.Fluent;
using Switchyard.Properties.Faults;
using Switchyard.Strategies;

namespace Switchyard.Properties;

/// <summary>What a ladder of levels owes beside its tokens (SpecRouter, arXiv:2505.07680; docs/papers/specrouter.md).</summary>
public static class RouterLaws
{
    /// <summary>Every law; they say nothing about strategies without levels.</summary>
    public static IReadOnlyList<Law> All { get; } =
    [
        new CheckedLaw<Workload>(
            "router/tally", LawKind.Strategy,
            "What the levels of a ladder offered and had kept is, added up, what was drafted and accepted, request by request and step by step.",
            Arb.From(Workload.Any.Generator.Select(w => w with { Cancels = w.ScheduleSeed % 3 == 0 }), w => w.Smaller()), 20, Tally,
            PlantedRouterBugs.Miscounts),
    ];

    private static Verdict Tally(LawRun run, Workload work)
    {
        DecodedWorkload decoded = WorkloadDecoder.Together(run, run.Subject.Strategy, work);
        if (decoded.Complaint is { } complaint) return Verdict.Broken(complaint);
        for (int i = 0; i < decoded.Requests.Length; i++)
        {
            RequestStatistics statistics = decoded.Requests[i].Statistics;
            if (statistics.Levels is not { } levels) return Verdict.NotApplicable("the strategy has no levels");
            int offered = levels.Sum(level => level.Offered), kept = levels.Sum(level => level.Kept);
            if ((offered, kept) != (statistics.DraftTokens, statistics.AcceptedDraftTokens))
                return Verdict.Broken($"request {i}: levels offered {offered} tokens and had {kept} kept; {statistics.DraftTokens} were drafted and {statistics.AcceptedDraftTokens} accepted");
            if (levels.FirstOrDefault(level => level.Kept > level.Offered) is { } wrong) return Verdict.Broken($"request {i}: {wrong.Name} had {wrong.Kept} tokens kept of {wrong.Offered}");
        }
        (int drafted, int accepted) = (decoded.Requests.Sum(r => r.Statistics.DraftTokens), decoded.Requests.Sum(r => r.Statistics.AcceptedDraftTokens));
        return Verdict.Of((drafted, accepted) == (decoded.Stats.Drafted, decoded.Stats.Accepted), () => $"requests count {drafted} tokens drafted and {accepted} accepted, steps {decoded.Stats.Drafted} and {decoded.Stats.Accepted}");
    }
}
