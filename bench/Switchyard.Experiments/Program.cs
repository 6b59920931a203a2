using System.CommandLine;
using Switchyard.Experiments;
using Switchyard.Experiments.Auto;
using Switchyard.Experiments.Cast;
using Switchyard.Experiments.Drex;
using Switchyard.Experiments.Engine;
using Switchyard.Experiments.Results;
using Switchyard.Experiments.SpecRouter;

var quick = new Option<bool>("--quick") { Description = "Tiny sizes, to see that an experiment works; its numbers are no results.", Recursive = true };
var output = new Option<string>("--out") { Description = "Where the document and its figures go.", DefaultValueFactory = _ => Path.Combine("docs", "results"), HelpName = "FOLDER", Recursive = true };
var text = new Option<FileInfo>("--text") { Description = "A text to choose the confidence on.", HelpName = "FILE" };
text.AcceptExistingOnly();
var only = new Option<string[]>("--only") { Description = $"Some parts of the document: {string.Join(", ", Parts.Names)}.", AllowMultipleArgumentsPerToken = true, HelpName = "PART" };
only.AcceptOnlyFromAmong([.. Parts.Names]);
var eval = new Option<DirectoryInfo>("--eval") { Description = "Prompts by category.", HelpName = "FOLDER" };
eval.AcceptExistingOnly();
var book = new Option<FileInfo>("--book") { Description = "A text whose passages are continued.", HelpName = "FILE" };
book.AcceptExistingOnly();
var pairs = new Option<int?>("--pairs") { Description = "Pairs of runs of each class.", HelpName = "N" };

var root = new RootCommand("Measures what the documentation claims, and writes tables and figures.") { quick, output };
Add("engine", "The CPU engine beside the machine's limits.", [], (setting, document, _) => EngineExperiments.Run(setting, document, Console.Error));
Add("cast", "CAST, chains, trees and lookup.", [only], (setting, document, parsed) => CastExperiments.Run(setting, document, Console.Error, parsed.GetValue(only)));
Add("specrouter", "SpecRouter against fixed chains, under drift, and with replayed levels.", [], (setting, document, _) => RouterExperiments.Run(setting, document, Console.Error));
Add("auto", "The automatic choice against plain decoding, class by class.", [eval, book, pairs], (setting, document, parsed) =>
    AutoExperiments.Run(setting, document, new AutoInput(parsed.GetValue(eval)?.FullName, parsed.GetValue(book)?.FullName, parsed.GetValue(pairs)), Console.Error));
Add("drex", "DREX and its rivals.", [text], (setting, document, parsed) => DrexExperiments.Run(setting, document, parsed.GetValue(text) is { } file ? File.ReadAllText(file.FullName) : null, Console.Error));
return root.Parse(args).Invoke();

void Add(string name, string description, Option[] options, Action<ExperimentSetting, ResultDocument, ParseResult> run)
{
    var command = new Command(name, description);
    foreach (Option option in options) command.Add(option);
    command.SetAction(parsed =>
    {
        using var setting = new ExperimentSetting(parsed.GetValue(quick));
        var document = new ResultDocument(name, parsed.GetValue(output)!);
        run(setting, document, parsed);
        Console.WriteLine(document.Write());
    });
    root.Add(command);
}
