using System.CommandLine;
using System.Globalization;
using Switchyard.Cli.Options;
using Switchyard.Cli.Output;

namespace Switchyard.Cli.Commands;

/// <summary><c>switchyard check-draft TARGET DRAFT</c>: whether one model can draft for another, and what that brings here.</summary>
internal static class CheckDraftCommand
{
    public static Command Create(Terminal terminal)
    {
        var target = new Argument<string>("TARGET") { Description = "The model whose tokens are wanted." };
        var draft = new Argument<string>("DRAFT") { Description = "A smaller model that would guess for it." };
        var text = new Option<string?>("--text") { Description = "Estimate on text like that to be generated instead of a few everyday prompts.", HelpName = "F" };
        Option<bool> json = CommonOptions.Json("the comparison, the measurements and the prediction");
        var opening = new ModelOptions();
        var command = new Command("check-draft", "Compare two vocabularies, then measure whether the draft is worth its time on this machine.") { target, draft, text, json };
        opening.AddTo(command);
        command.SetAction((parsed, cancellationToken) => Task.Run(
            () =>
            {
                string? sample = parsed.GetValue(text) is { } file ? CommonOptions.ReadText(file, terminal) : null;
                if (sample is not null && string.IsNullOrWhiteSpace(sample)) throw new UsageException("The text is empty: there is nothing to try the draft on.");
                DraftCheck check = DraftAdvisor.Check(parsed.GetRequiredValue(target), parsed.GetRequiredValue(draft), sample, opening.Read(parsed), cancellationToken);
                if (parsed.GetValue(json)) terminal.Data.WriteLine(OutputJson.Write(check));
                else if (check.Fits) Print(check, terminal);
                if (check.Refusal is { } refusal) terminal.Error(refusal);
                return !check.Fits ? ExitCodes.Model : check.WorthIt ? ExitCodes.Ok : ExitCodes.CheckFailed;
            },
            cancellationToken));
        return command;
    }

    private static void Print(DraftCheck check, Terminal terminal)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        var rows = new List<(string, string)>
        {
            ("vocabulary", string.Create(invariant, $"fits: {check.TargetVocabulary} ids there, {check.DraftVocabulary} here, none differ")),
        };
        if (check.Acceptance is { } acceptance)
        {
            rows.Add(("acceptance", string.Create(invariant, $"{acceptance:P0} of {check.GuessesChecked} guesses")));
            rows.Add(("a pass", string.Create(invariant, $"{check.TargetMs:F2} ms there, {check.DraftMs:F2} ms here")));
            rows.Add(("prediction", check.Length == 0
                ? "no chain is faster than plain decoding"
                : string.Create(invariant, $"{check.PredictedSpeedUp:F2} times plain decoding with chains of {check.Length}")));
        }
        rows.Add(("advice", Advice(check)));
        terminal.Table(rows);
    }

    private static string Advice(DraftCheck check)
    {
        if (check.Acceptance is null) return "nothing could be measured: give more text with --text";
        if (!check.WorthIt) return "not worth it: use plain, or lookup where the output repeats the prompt";
        return $"--strategy \"chain:draft={check.Draft},length={check.Length}\", or \"cast:draft={check.Draft}\", which finds its shape while running";
    }
}
