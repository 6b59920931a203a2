using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Switchyard.Cli.Options;
using Switchyard.Cli.Output;
using Switchyard.Tuning;

namespace Switchyard.Cli.Commands;

/// <summary><c>switchyard tune MODEL</c>: measures strategies side by side, writes the fastest to a file, and says how to use it again.</summary>
internal static class TuneCommand
{
    private const string DefaultFile = "strategy.json";

    public static Command Create(Terminal terminal)
    {
        var path = new Argument<string>("MODEL") { Description = "A folder, a .gguf file, or the name of an embedded model; none for the embedded one.", DefaultValueFactory = _ => ModelPath.Embedded };
        var drafts = new Option<string?>("--drafts") { Description = "Smaller models that may draft, separated by +; an embedded model has its own.", HelpName = "A+B" };
        var text = new Option<string?>("--text") { Description = "Measure on text like that to be generated instead of a few everyday beginnings.", HelpName = "F" };
        var output = new Option<string>("--output", "-o") { Description = "Where the strategy is written.", HelpName = "FILE", DefaultValueFactory = _ => DefaultFile };
        Option<bool> json = CommonOptions.Json("what was measured, and the strategy advised");
        var opening = new ModelOptions();
        var command = new Command("tune", "Measure the strategies on this machine and write the fastest to a file that run takes.") { path, drafts, text, output, json };
        opening.AddTo(command);
        command.SetAction((parsed, cancellationToken) => Task.Run(
            async () =>
            {
                string model = parsed.GetRequiredValue(path), file = parsed.GetRequiredValue(output);
                LocalModelOptions options = opening.Read(parsed);
                string[]? names = parsed.GetValue(drafts)?.Split('+', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
                if (names is { Length: 0 }) throw new UsageException("--drafts takes paths separated by +, such as tales-0.4m+tales-1m.");
                if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder && !Directory.Exists(folder)) throw new DirectoryNotFoundException($"There is no folder '{folder}' to write the strategy to.");
                string? sample = parsed.GetValue(text) is { } given ? CommonOptions.ReadText(given, terminal) : null;
                TuneReport report = await Measure(terminal, progress => StrategyTuner.Tune(model, names, sample, options, progress, cancellationToken));
                StrategyFile.Of(report).Save(file);
                if (parsed.GetValue(json)) terminal.Data.WriteLine(OutputJson.Write(report));
                else Print(report, terminal);
                terminal.Note($"Written to {file}. Use it with: switchyard run {Quoted(model)} PROMPT --strategy {Quoted("@" + file)}");
                return ExitCodes.Ok;
            },
            cancellationToken));
        return command;
    }

    /// <summary>Shows how far it is: a bar where somebody watches, a line a round elsewhere.</summary>
    private static async Task<TuneReport> Measure(Terminal terminal, Func<IProgress<TuneProgress>, TuneReport> tune)
    {
        if (terminal.Live is null) return tune(new RoundNotes(terminal));
        TuneReport? report = null;
        await terminal.Live.Progress().AutoClear(true).StartAsync(async progress =>
        {
            ProgressTask bar = progress.AddTask("Measuring", maxValue: 1);
            report = await Task.Run(() => tune(new Bar(bar)));
        });
        return report!;
    }

    private static void Print(TuneReport report, Terminal terminal)
    {
        foreach (TunedCandidate candidate in report.Candidates)
            terminal.Data.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{candidate.TimesPlain,6:F2}\u00d7  ({candidate.Lowest:F2} … {candidate.Highest:F2})  {candidate.TokensPerSecond,8:F1} tokens/s  {candidate.Strategy}"));
        terminal.Data.WriteLine($"--strategy {Quoted(report.Strategy)}");
    }

    private static string Quoted(string text) => !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or '\\') ? $"\"{text.Replace("\"", "\\\"", StringComparison.Ordinal)}\"" : text;

    private sealed class Bar(ProgressTask bar) : IProgress<TuneProgress>
    {
        public void Report(TuneProgress value) => (bar.Value, bar.Description) = (value.Done, Markup.Escape(value.Strategy));
    }

    private sealed class RoundNotes(Terminal terminal) : IProgress<TuneProgress>
    {
        private int _round = -1;

        public void Report(TuneProgress value)
        {
            if (value.Round == _round) return;
            _round = value.Round;
            terminal.Note(_round == 0 ? "warming up" : $"round {_round} of {value.Rounds}");
        }
    }
}
