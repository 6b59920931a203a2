using Switchyard.Experiments;
using Switchyard.Experiments.Cast;
using Switchyard.Experiments.Drex;
using Switchyard.Experiments.Results;

string output = Path.Combine("docs", "results");
bool quick = false;
string? which = null, text = null;
for (int i = 0; i < args.Length; i++)
{
    if (args[i] == "--quick") quick = true;
    else if (args[i] == "--out" && i + 1 < args.Length) output = args[++i];
    else if (args[i] == "--text" && i + 1 < args.Length) text = File.ReadAllText(args[++i]);
    else if (which is null && args[i] is "cast" or "drex") which = args[i];
    else which = "";
}
if (which is not ("cast" or "drex"))
{
    Console.Error.WriteLine("Write: dotnet run -c Release --project bench/Switchyard.Experiments -- cast|drex [--quick] [--out docs/results] [--text FILE (drex: a text to choose the confidence on)]");
    return 2;
}
using var setting = new ExperimentSetting(quick);
var document = new ResultDocument(which, output);
if (which == "drex") DrexExperiments.Run(setting, document, text, Console.Error);
else CastExperiments.Run(setting, document, Console.Error);
Console.WriteLine(document.Write());
return 0;
