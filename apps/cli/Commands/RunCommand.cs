using System.CommandLine;
using System.Text.Json;
using Switchyard.Cli.Options;
using Switchyard.Cli.Output;
using Switchyard.Cli.Showing;
using Switchyard.Strategies;

namespace Switchyard.Cli.Commands;

/// <summary><c>switchyard run [MODEL] PROMPT</c>: generates after a prompt, or after every prompt of a file.</summary>
internal static class RunCommand
{
    public static Command Create(Terminal terminal)
    {
        var words = new Argument<string[]>("[MODEL] PROMPT")
        {
            Description = "A model and a prompt, or a prompt alone for the embedded model. A prompt of - is read from what is piped in.",
            Arity = new ArgumentArity(0, 2),
        };
        var strategy = new Option<string>("--strategy") { Description = $"How tokens are produced, or @FILE for what tune wrote: {string.Join(", ", StrategyCatalog.BuiltIn.Select(k => k.Usage))}.", HelpName = "SPEC", DefaultValueFactory = _ => "auto" };
        var prompts = new Option<string?>("--prompts") { Description = "Run every prompt of a file: one a line, or JSON lines with \"prompt\" or \"turns\".", HelpName = "F" };
        var batch = new Option<int>("--batch") { Description = "Prompts of a file that run at the same time.", HelpName = "N", DefaultValueFactory = _ => 8 };
        var show = new Option<string?>("--show") { Description = "How tokens came: accepted, what was guessed and kept; tree, every draft tree as it is checked; layers, the depth each left at (drex); batch, who waited and regrouped (drex).", HelpName = "WHAT" };
        show.AcceptOnlyFromAmong("accepted", "tree", "layers", "batch");
        Option<bool> json = CommonOptions.Json("text, tokens and counts");
        var sampling = new SamplingOptions();
        var opening = new ModelOptions();
        var command = new Command("run", "Generate text after a prompt.") { words, strategy, prompts, batch, show, json };
        sampling.AddTo(command);
        opening.AddTo(command);

        command.SetAction(async (parsed, cancellationToken) =>
        {
            (string path, string? prompt) = Split(parsed.GetValue(words) ?? [], parsed.GetValue(prompts) is not null);
            if (parsed.GetValue(batch) < 1) throw new UsageException("--batch takes 1 or more.");
            if (parsed.GetValue(show) is "accepted" or "tree" && (parsed.GetValue(json) || parsed.GetValue(prompts) is not null)) throw new UsageException("--show accepted and --show tree are for one prompt and for people: leave out --json and --prompts.");
            IReadOnlyList<string>? many = parsed.GetValue(prompts) is { } file ? PromptFile.Read(CommonOptions.ReadText(file, terminal), file) : null;
            if (prompt == "-") prompt = (await terminal.Input.ReadToEndAsync(cancellationToken)).TrimEnd('\r', '\n');
            LocalModelOptions options = opening.Read(parsed) with { Strategy = StrategyOption.Read(parsed.GetRequiredValue(strategy), path), MaxBatch = many is null ? 1 : parsed.GetValue(batch) };
            sampling.Read(parsed, new GenerationOptions()).Validate(); // before anything is loaded
            var shown = new Shown(parsed.GetValue(show));
            options = shown.On(options);

            await using LocalModel model = await ModelOptions.OpenAsync(path, options, terminal, cancellationToken);
            GenerationOptions choices = sampling.Read(parsed, model.SuggestedOptions);
            DecodeReport[] reports = many is not null
                ? await RunMany(model, many, choices, parsed.GetValue(batch), parsed.GetValue(json), terminal, cancellationToken)
                : [await RunOne(model, prompt!, choices, parsed.GetValue(json), shown, terminal, cancellationToken)];
            shown.Write(model, reports, terminal);
            return ExitCodes.Ok;
        });
        return command;
    }

    /// <summary>Tells model and prompt apart by their number.</summary>
    private static (string Path, string? Prompt) Split(string[] words, bool hasFile) => (words, hasFile) switch
    {
        ([], true) => (ModelPath.Embedded, null),
        ([var model], true) => (model, null),
        ([var prompt], false) when IsModel(prompt) => throw new UsageException($"'{prompt}' is a model; a prompt is missing. Write: switchyard run {prompt} \"Once upon a time\"."),
        ([var prompt], false) => (ModelPath.Embedded, prompt),
        ([var model, var prompt], false) => (model, prompt),
        ([], false) => throw new UsageException("A prompt is missing. Write: switchyard run \"The old house stood\", or switchyard run MODEL PROMPT."),
        _ => throw new UsageException("With --prompts the prompts come from the file: give the model alone, or nothing for the embedded one."),
    };

    private static bool IsModel(string word) =>
        word.IndexOfAny(Path.GetInvalidPathChars()) < 0 && (File.Exists(Path.Combine(word, "config.json")) || (word.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && File.Exists(word)));

    private static async Task<DecodeReport> RunOne(LocalModel model, string prompt, GenerationOptions options, bool json, Shown shown, Terminal terminal, CancellationToken cancellationToken)
    {
        if (shown.Trees is { } trees) return await RunTrees(model, prompt, options, trees, terminal, cancellationToken);
        if (shown.MarksAccepted) return await RunMarked(model, prompt, options, terminal, cancellationToken);
        DecodeStream stream = model.StreamAsync(prompt, options, cancellationToken: cancellationToken);
        if (!json && terminal.DataIsTerminal) terminal.Data.Write(terminal.Dim(prompt));
        try
        {
            await foreach (GeneratedToken token in stream)
            {
                if (json || token.Text.Length == 0) continue;
                terminal.Data.Write(token.Text);
                terminal.Data.Flush();
            }
        }
        finally
        {
            if (!json) terminal.Data.WriteLine();
        }
        if (json) terminal.Data.WriteLine(OutputJson.Write(stream.Report));
        else terminal.Note(Summary(stream.Report));
        return stream.Report;
    }

    private static async Task<DecodeReport> RunMarked(LocalModel model, string prompt, GenerationOptions options, Terminal terminal, CancellationToken cancellationToken)
    {
        DecodeStream stream = model.StreamAsync(prompt, options, cancellationToken: cancellationToken);
        var text = new AcceptedText(terminal.CanStyleData);
        if (terminal.DataIsTerminal) terminal.Data.Write(terminal.Dim(prompt));
        try
        {
            await foreach (GeneratedToken token in stream)
            {
                terminal.Data.Write(text.Append(token));
                terminal.Data.Flush();
            }
        }
        finally
        {
            terminal.Data.WriteLine(text.End());
        }
        terminal.Note(new AcceptedText(terminal.Live is not null && terminal.CanStyleData).Legend(stream.Report.Levels?.Select(level => level.Name)));
        terminal.Note(Summary(stream.Report));
        return stream.Report;
    }

    private static async Task<DecodeReport> RunTrees(LocalModel model, string prompt, GenerationOptions options, TreeView trees, Terminal terminal, CancellationToken cancellationToken)
    {
        DecodeStream stream = model.StreamAsync(prompt, options, cancellationToken: cancellationToken);
        await trees.ShowAsync(stream, terminal, cancellationToken);
        terminal.Note(Summary(stream.Report));
        return stream.Report;
    }

    private static async Task<DecodeReport[]> RunMany(
        LocalModel model, IReadOnlyList<string> prompts, GenerationOptions options, int batch, bool json, Terminal terminal, CancellationToken cancellationToken)
    {
        long start = TimeProvider.System.GetTimestamp();
        Task<DecodeReport>[] running = [.. prompts.Select(prompt => model.GenerateAsync(prompt, options, cancellationToken: cancellationToken))];
        if (!json)
        {
            for (int i = 0; i < running.Length; i++)
            {
                DecodeReport report = await running[i];
                terminal.Data.WriteLine($"[{i + 1}] {terminal.Dim(prompts[i])}{report.Text}");
                terminal.Data.WriteLine();
                terminal.Data.Flush();
            }
        }
        DecodeReport[] reports = await Task.WhenAll(running);
        double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        var result = new BatchResult([.. reports.Select((report, i) => new PromptResult(i, prompts[i], report))], batch, reports.Sum(r => (long)r.Tokens.Count), seconds);
        if (json) terminal.Data.WriteLine(OutputJson.Write(result));
        else terminal.Note($"{prompts.Count} prompts · {result.Tokens} tokens · {seconds:F2} s · {result.TokensPerSecond:F1} tokens/s together · {model.Strategies[0]}");
        return reports;
    }

    private static string Summary(DecodeReport report)
    {
        FormattableString speed = $"{report.TokensPerSecond ?? 0:F1} tokens/s · first token {report.TimeToFirstTokenMs ?? 0:F0} ms";
        string accepted = report.DraftTokens > 0 ? FormattableString.Invariant($" · {report.MeanAcceptanceLength:F2} tokens per pass") : "";
        string why = report.Decision is null ? "" : $" · {report.Decision}";
        return $"{report.Tokens.Count} tokens · {FormattableString.Invariant(speed)}{accepted} · {report.Strategy} ({report.Guarantee}) · seed {report.Seed} · {Name(report.FinishReason)}{why}";
    }

    private static string Name(FinishReason reason) => JsonNamingPolicy.CamelCase.ConvertName(reason.ToString());
}
