using System.CommandLine;
using System.Globalization;
using System.Text;
using Switchyard.Cli.Options;
using Switchyard.Cli.Output;
using Switchyard.Model.Text;

namespace Switchyard.Cli.Commands;

/// <summary><c>switchyard tokenize MODEL --file F</c>: the ids of texts, without BOS.</summary>
internal static class TokenizeCommand
{
    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string>("MODEL") { Description = "A folder, a tokenizer.json or a .gguf file." };
        Option<string> file = CommonOptions.File($"A text, or several between lines {TextSeparator.Line}; - reads what is piped in.");
        Option<bool> json = CommonOptions.Json("an array of arrays of ids, one per text,");
        var command = new Command("tokenize", "Print the token ids of texts.") { model, file, json };
        command.SetAction(parsed =>
        {
            string content = CommonOptions.ReadText(parsed.GetRequiredValue(file), terminal);
            ITokenizer tokenizer = LocalModel.OpenTokenizer(parsed.GetRequiredValue(model));
            string[] lines = [.. TextSeparator.Split(content).Select(text => Ids(tokenizer.Encode(text, addSpecial: false), parsed.GetValue(json) ? ", " : " "))];
            if (!parsed.GetValue(json)) foreach (string line in lines) terminal.Data.WriteLine(line);
            else terminal.Data.WriteLine($"[\n{string.Join(",\n", lines.Select(line => $"  [{line}]"))}\n]");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static string Ids(int[] ids, string separator)
    {
        var text = new StringBuilder(6 * ids.Length);
        for (int i = 0; i < ids.Length; i++) text.Append(i == 0 ? "" : separator).Append(CultureInfo.InvariantCulture, $"{ids[i]}");
        return text.ToString();
    }
}
