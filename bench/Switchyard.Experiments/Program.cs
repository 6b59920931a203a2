using Switchyard.Experiments;
using Switchyard.Experiments.Cast;
using Switchyard.Experiments.Results;

string output = Path.Combine("docs", "results");
bool quick = false;
string? which = null;
string[] only = [];
for (int i = 0; i < args.Length; i++)
{
    if (args[i] == "--quick") quick = true;
    else if (args[i] == "--out" && i + 1 < args.Length) output = args[++i];
    else if (args[i] == "--only" && i + 1 < args.Length) only = args[++i].Split(',');
    else if (which is null && args[i] == "cast") which = args[i];
    else which = "";
}
if (which is not "cast" || only.Except(Parts.Names).Any())
{
    Console.Error.WriteLine("Write: dotnet run -c Release --project bench/Switchyard.Experiments -- cast [--quick] [--only PARTS] [--out docs/results]");
    Console.Error.WriteLine($"PARTS are some of {string.Join(',', Parts.Names)}; without them the whole document is written.");
    return 2;
}
using var setting = new ExperimentSetting(quick);
var document = new ResultDocument(which, output);
CastExperiments.Run(setting, document, Console.Error, only);
Console.WriteLine(document.Write());
return 0;
