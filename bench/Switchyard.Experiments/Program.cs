using Switchyard.Experiments;
using Switchyard.Experiments.Cast;
using Switchyard.Experiments.Results;
using Switchyard.Experiments.SpecRouter;

string output = Path.Combine("docs", "results");
bool quick = false;
string? which = null;
for (int i = 0; i < args.Length; i++)
{
    if (args[i] == "--quick") quick = true;
    else if (args[i] == "--out" && i + 1 < args.Length) output = args[++i];
    else if (which is null && args[i] is "cast" or "specrouter") which = args[i];
    else which = "";
}
if (which is not ("cast" or "specrouter"))
{
    Console.Error.WriteLine("Write: dotnet run -c Release --project bench/Switchyard.Experiments -- cast|specrouter [--quick] [--out docs/results]");
    return 2;
}
using var setting = new ExperimentSetting(quick);
var document = new ResultDocument(which, output);
if (which == "specrouter") RouterExperiments.Run(setting, document, Console.Error);
else CastExperiments.Run(setting, document, Console.Error);
Console.WriteLine(document.Write());
return 0;
