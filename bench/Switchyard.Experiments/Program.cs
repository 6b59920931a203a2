using System.Globalization;
using Switchyard.Experiments;
using Switchyard.Experiments.Auto;
using Switchyard.Experiments.Cast;
using Switchyard.Experiments.Results;

string output = Path.Combine("docs", "results");
bool quick = false;
string? which = null;
var autoInput = new AutoInput();
for (int i = 0; i < args.Length; i++)
{
    if (args[i] == "--quick") quick = true;
    else if (args[i] == "--out" && i + 1 < args.Length) output = args[++i];
    else if (args[i] == "--eval" && i + 1 < args.Length) autoInput = autoInput with { Folder = args[++i] };
    else if (args[i] == "--book" && i + 1 < args.Length) autoInput = autoInput with { Book = args[++i] };
    else if (args[i] == "--pairs" && i + 1 < args.Length) autoInput = autoInput with { Pairs = int.Parse(args[++i], CultureInfo.InvariantCulture) };
    else if (which is null && args[i] is "cast" or "auto") which = args[i];
    else which = "";
}
if (which is not ("cast" or "auto"))
{
    Console.Error.WriteLine("Write: dotnet run -c Release --project bench/Switchyard.Experiments -- cast|auto [--quick] [--out docs/results] [--eval DIR --book FILE --pairs N (auto: prompts by category, a text, pairs of each class)]");
    return 2;
}
using var setting = new ExperimentSetting(quick);
var document = new ResultDocument(which, output);
if (which == "auto") AutoExperiments.Run(setting, document, autoInput, Console.Error);
else CastExperiments.Run(setting, document, Console.Error);
Console.WriteLine(document.Write());
return 0;
