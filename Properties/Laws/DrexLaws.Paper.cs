using Switchyard.Model;
using Switchyard.Properties.Reference;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;

namespace Switchyard.Properties;

/// <content>What is left of the promises where sure rows may be kept (DREX, arXiv:2512.15705, the published form).</content>
public static partial class DrexLaws
{
    private static bool IsPaper(DrexStrategy strategy) => strategy.Options is { Policy: DrexPolicy.Rebatch, Stays: StayRule.Paper };

    private static Verdict PaperSplit(LawRun run, Workload work) => ExitRun.Judge(run, work, i => Options(work, i), result =>
    {
        if (!IsPaper(result.Strategy) || result.Strategy.Options.SplitThreshold is not { } threshold) return Verdict.NotApplicable("only stays=paper with a threshold of its own (split=N) splits by it");
        foreach (var exit in result.Events.Where(e => e.Kind is DrexEventKind.Exited or DrexEventKind.ForcedStay).GroupBy(e => (e.Step, e.Depth)))
        {
            int left = exit.Count(e => e.Kind == DrexEventKind.Exited), kept = exit.Count() - left;
            if (left > 0 && left <= threshold) return Verdict.Broken($"step {exit.Key.Step}: {left} rows left at layer {exit.Key.Depth}; a split needs more than {threshold}");
            if (left > 0 && kept > 0) return Verdict.Broken($"step {exit.Key.Step}: {left} rows left at layer {exit.Key.Depth} and {kept} were kept that would have");
        }
        return Verdict.Held;
    });

    private static Verdict PaperStays(LawRun run, Workload work) => ExitRun.Judge(run, work, i => Options(work, i), result =>
    {
        if (!IsPaper(result.Strategy)) return Verdict.NotApplicable("only stays=paper keeps rows that would leave");
        if (result.Strategy.Statistics.ForcedExits != 0) return Verdict.Broken($"{result.Strategy.Statistics.ForcedExits} rows were forced out");
        HashSet<long> unlooked = StepsWithPrompts(result.Events);
        using var runner = new ModelRunner(result.Model, batchRows: 48, cacheSlots: TinyModels.ContextLength + 32);
        for (int number = 0; number < result.Requests.Count; number++)
        {
            DecodingRequest request = result.Requests[number];
            var again = new DecodingRequest(request.Tokens[..request.PromptLength], request.Options, new LetterText(result.Model.Config.VocabSize));
            List<ExitToken> alone = SequentialExits.Decode(runner, again, result.Strategy.Exits, result.Threshold(request), exact: false);
            foreach ((DrexEvent token, ExitToken expected) in result.TokensOf(number).Zip(alone))
            {
                bool kept = result.Events.Any(e => e.Kind == DrexEventKind.ForcedStay && (e.Request, e.Position) == (number, token.Position));
                if (kept || (token.Kind == DrexEventKind.Completed && unlooked.Contains(token.Step))) break; // from here on its cache is another
                if (token.Depth != expected.Depth || request.Tokens[token.Position + 1] != expected.Token)
                    return Verdict.Broken($"request {number}, position {token.Position}: token {request.Tokens[token.Position + 1]} at layer {token.Depth}, alone {expected.Token} at {expected.Depth}, and no row of it was kept before");
            }
        }
        return Verdict.Held;
    });

    /// <summary>Steps in which prompts ran: the published form looks at no exit there, which keeps rows without asking.</summary>
    private static HashSet<long> StepsWithPrompts(IReadOnlyList<DrexEvent> events)
    {
        var steps = new HashSet<long>();
        foreach (var step in events.GroupBy(e => e.Step))
        {
            int begun = step.Where(e => e is { Kind: DrexEventKind.Ran, Depth: 0 }).Sum(e => e.Rows);
            var resumed = step.Where(e => e.Kind == DrexEventKind.Resumed).Select(e => e.Request).ToHashSet();
            int decoding = step.Where(e => e.Kind is DrexEventKind.Exited or DrexEventKind.Parked or DrexEventKind.Completed && !resumed.Contains(e.Request)).Select(e => e.Request).Distinct().Count();
            if (begun > decoding) steps.Add(step.Key);
        }
        return steps;
    }
}
