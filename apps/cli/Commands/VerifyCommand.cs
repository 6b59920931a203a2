using System.CommandLine;
using Switchyard.Cli.Options;
using Switchyard.Cli.Output;
using Switchyard.Cli.Verification;
using Switchyard.Properties;

namespace Switchyard.Cli.Commands;

/// <summary><c>switchyard verify MODEL --strategy S</c>: the laws, on tiny models of every family and on the user's own.</summary>
internal static class VerifyCommand
{
    public static Command Create(Terminal terminal, IReadOnlyList<StrategyKind>? kinds)
    {
        var path = new Argument<string>("MODEL") { Description = "A folder, a .gguf file, or the name of an embedded model; none for the embedded one.", DefaultValueFactory = _ => ModelPath.Embedded };
        var strategy = new Option<string>("--strategy") { Description = "The strategy to check, as run spells it.", DefaultValueFactory = _ => "plain", HelpName = "S" };
        var budget = new Option<string>("--budget") { Description = "Time to spend, such as 60s or 10min.", DefaultValueFactory = _ => "60s", HelpName = "TIME" };
        var laws = new Option<string?>("--laws") { Description = "Only these laws, separated by commas.", HelpName = "IDS" };
        var replay = new Option<string?>("--replay") { Description = "Run one case of one law again: LAW:ID as a report printed it.", HelpName = "LAW:ID" };
        var selfTest = new Option<bool>("--self-test") { Description = "Plant known mistakes and show each caught." };
        var ownTokens = new Option<int?>("--own-tokens") { Description = "New tokens of a request on your own model at most; as its measured speed allows unless given.", HelpName = "N" };
        var report = new Option<string?>("--report") { Description = "Write a page about it: Markdown where the name ends in .md, HTML otherwise.", HelpName = "FILE" };
        Option<bool> json = CommonOptions.Json("every law, its outcome and its smallest counter-example");
        var command = new Command("verify", "Hold a strategy to its laws: on tiny models of every family, then on your own model.") { path, strategy, budget, laws, replay, ownTokens, selfTest, report, json };
        command.SetAction((parsed, cancellationToken) => Task.Run(
            () =>
            {
                StrategySpec spec = StrategyOption.Read(parsed.GetValue(strategy)!, parsed.GetValue(path)!);
                StrategyKind kind = StrategyCatalog.Find(spec, kinds); // before anything is loaded
                if (!Durations.TryParse(parsed.GetValue(budget)!, out TimeSpan time)) throw new UsageException("--budget takes a time such as 60s or 10min.");
                (string? replayed, string[] ids) = Chosen(parsed.GetValue(replay), parsed.GetValue(laws));
                if (parsed.GetValue(ownTokens) is < 1) throw new UsageException("--own-tokens takes 1 or more.");
                string model = ModelPath.Resolve(parsed.GetValue(path)!);
                using var subjects = new VerifySubjects(spec, kind, model, LocalModel.OpenTokenizer(model));
                var verifier = new Verifier(subjects, time, ids, replayed, TimeProvider.System)
                {
                    OwnTokens = parsed.GetValue(ownTokens),
                    OnLaw = line => Show(line, parsed.GetValue(json), terminal),
                    OnBug = line => terminal.Note($"{(line.Caught ? "caught" : "MISSED"),-8} {line.Law,-22} {line.Sentence}"),
                };
                long start = TimeProvider.System.GetTimestamp();
                List<BugLine> bugs = parsed.GetValue(selfTest) ? verifier.SelfTest(cancellationToken) : [];
                List<LawLine> lines = parsed.GetValue(selfTest) ? [] : verifier.Laws(cancellationToken);
                var result = new VerifyResult(spec.ToString(), verifier.Claim.ToString(), parsed.GetValue(path)!, lines, bugs, TimeProvider.System.GetElapsedTime(start).TotalSeconds, verifier.OwnTokens);
                if (parsed.GetValue(report) is { } file) File.WriteAllText(file, VerifyPage.Write(result, file.EndsWith(".md", StringComparison.OrdinalIgnoreCase)));
                if (parsed.GetValue(json)) terminal.Data.WriteLine(OutputJson.Write(result));
                else Summarise(result, terminal);
                return result.ExitCode;
            },
            cancellationToken));
        return command;
    }

    private static (string? Replay, string[] Laws) Chosen(string? replay, string? laws)
    {
        string[] ids = laws?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (replay is not null)
        {
            int colon = replay.IndexOf(':', StringComparison.Ordinal);
            if (colon < 1) throw new UsageException("--replay takes LAW:ID as a report printed it, such as tokens/same:9f3c-1b-14.");
            (ids, replay) = ([replay[..colon]], replay[(colon + 1)..]);
        }
        foreach (string id in ids) LawBook.Get(id); // names the laws there are
        return (replay, ids);
    }

    private static void Show(LawLine line, bool json, Terminal terminal)
    {
        if (!json) terminal.Data.WriteLine(FormattableString.Invariant($"{line.Where,-6} {line.Law,-22} {line.Word,-15} {line.Cases,6}"));
        if (line.Outcome != LawOutcome.Broken) return;
        terminal.Note($"{line.Law}: {line.Sentence}");
        terminal.Note($"  found   {line.Finding}");
        terminal.Note($"  in      {line.Counterexample}");
        terminal.Note($"  repeat  {line.Repeat}");
    }

    private static void Summarise(VerifyResult result, Terminal terminal)
    {
        if (result.Bugs.Count > 0) terminal.Data.WriteLine(FormattableString.Invariant($"{result.Bugs.Count - result.BugsMissed} of {result.Bugs.Count} planted mistakes caught in {result.Seconds:F0} s"));
        else terminal.Data.WriteLine(FormattableString.Invariant($"{result.Strategy} claims {result.Claim}: {result.Held} laws held, {result.Broken} broken, in {result.Seconds:F0} s"));
    }
}
