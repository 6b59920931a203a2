using System.CommandLine;
using Switchyard.Cli.Options;
using Switchyard.Cli.Output;

namespace Switchyard.Cli.Commands;

/// <summary><c>switchyard score MODEL --file F</c>: how well a model predicts a text.</summary>
internal static class ScoreCommand
{
    public static Command Create(Terminal terminal)
    {
        var path = new Argument<string>("MODEL") { Description = "A folder or a .gguf file." };
        Option<string> file = CommonOptions.File("A text; - reads what is piped in.");
        Option<bool> json = CommonOptions.Json("tokens, meanNll and perplexity");
        var opening = new ModelOptions();
        var command = new Command("score", "Measure how well a model predicts a text: windows of min(context, 512) tokens, BOS before each, no overlap.") { path, file, json };
        opening.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string text = CommonOptions.ReadText(parsed.GetRequiredValue(file), terminal);
            if (text.Length == 0) throw new UsageException("The file is empty: there is nothing to score.");
            await using LocalModel model = await ModelOptions.OpenAsync(parsed.GetRequiredValue(path), opening.Read(parsed), terminal, cancellationToken);
            ScoreReport score = await model.ScoreAsync(text, cancellationToken: cancellationToken);
            if (parsed.GetValue(json))
                terminal.Data.WriteLine(OutputJson.Write(new ScoreResult(score.Tokens, score.MeanNll, score.Perplexity)));
            else
                terminal.Data.WriteLine(FormattableString.Invariant($"{score.Tokens} tokens · {score.MeanNll:F4} nats per token · perplexity {score.Perplexity:F3}"));
            return ExitCodes.Ok;
        });
        return command;
    }
}
