using Switchyard.Experiments.Results;
using Switchyard.Tensor;

namespace Switchyard.Experiments.Cast;

/// <summary>What speculation and CAST show on this machine: with trained models, and on a true shape with drafts of known quality.</summary>
internal static class CastExperiments
{
    /// <summary>Runs everything, or the parts that are named.</summary>
    public static void Run(ExperimentSetting setting, ResultDocument document, TextWriter log, IReadOnlyList<string>? only = null)
    {
        var parts = new Parts(only ?? [], log);
        document.Heading(1, "CAST: measurements");
        if (setting.Quick) document.Text($"**A quick run with tiny sizes, to see that the experiments work. Its numbers are no results.**");
        if (!parts.All) document.Text($"**Only a part of the measurements: {parts.Spelling}.**");
        document.Text($"Made by `dotnet run -c Release --project bench/Switchyard.Experiments -- cast{(setting.Quick ? " --quick" : "")}{(parts.All ? "" : $" --only {parts.Spelling}")}` on: {setting.Machine}.");
        document.Text($"Every round runs each contender once on the same requests, after a first round that is thrown away; a speed-up is the median over {setting.SmallRounds} rounds ({setting.LargeRounds} on {setting.SyntheticName}) of a contender's tokens a second over plain decoding's in the same round. Only decoding is timed, not prompts. A contender whose tokens differ from plain decoding's ends the experiment.");
        if (parts.Any("m1", "m2", "m3", "m4", "m5", "lookup")) TalesExperiments.Run(setting, parts, document, log);
        if (parts.Any("replay", "large-batches")) new LargeExperiments(setting, document, log, DType.Q8_0).Run(parts, "replay");
        if (parts.Any("bf16")) new LargeExperiments(setting, document, log, DType.BF16).Run(parts, "bf16");
        if (parts.Begin("copying", "copying on a true shape")) CopyingExperiments.OnTrueShape(setting, document, log);
    }
}
