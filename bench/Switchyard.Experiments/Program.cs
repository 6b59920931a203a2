using Switchyard.Experiments;
using Switchyard.Experiments.Cast;
using Switchyard.Experiments.Engine;
using Switchyard.Experiments.Results;

string output = Path.Combine("docs", "results");
bool quick = false;
string? which = null;
for (int i = 0; i < args.Length; i++)
{
    if (args[i] == "--quick") quick = true;
    else if (args[i] == "--out" && i + 1 < args.Length) output = args[++i];
    else if (which is null && args[i] is "cast" or "engine") which = args[i];
    else which = "";
}
if (which is not ("cast" or "engine"))
{
    Console.Error.WriteLine("Write: dotnet run -c Release --project bench/Switchyard.Experiments -- cast|engine [--quick] [--out docs/results]");
    return 2;
}
using var setting = new ExperimentSetting(quick);
var document = new ResultDocument(which, output);
if (which == "cast") CastExperiments.Run(setting, document, Console.Error);
else EngineExperiments.Run(setting, document, Console.Error);
Console.WriteLine(document.Write());
return 0;
