using Switchyard.Experiments.Results;
using Switchyard.Model;
using Switchyard.Tensor;

namespace Switchyard.Experiments.Drex;

/// <summary>What DREX shows on this machine: policies at fixed exit rates and on real exits, thresholds, missing keys and values, deadlines.</summary>
internal static class DrexExperiments
{
    /// <summary>Runs everything.</summary>
    /// <param name="shared">Machine and models.</param>
    /// <param name="document">Written to.</param>
    /// <param name="text">Text to choose the confidence on; null: the model's own.</param>
    /// <param name="log">Progress.</param>
    public static void Run(ExperimentSetting shared, ResultDocument document, string? text, TextWriter log)
    {
        var setting = new DrexSetting(shared);
        document.Heading(1, "DREX: measurements");
        if (setting.Quick) document.Text($"**A quick run with tiny sizes, to see that the experiments work. Its numbers are no results.**");
        document.Text($"Made by `dotnet run -c Release --project bench/Switchyard.Experiments -- drex{(setting.Quick ? " --quick" : "")}{(text is null ? "" : " --text FILE")}` on: {shared.Machine}.");
        document.Text($"A batch of b means passes of at most b decode rows and 2·b requests in flight, for every policy alike: rows that wait need others to run meanwhile. A finished request is replaced at once. Policies take turns ({setting.Rounds} each) on the same requests; speeds are tokens over time of all turns without the slowest and the fastest. `paper` is the paper's form, which keeps sure rows where a split does not pay (ART, as repaired); `drex` is the default form. Gaps are times between two tokens of a request.");

        new ThresholdExperiment(setting, document, log).Simulate();
        IReadOnlyList<int[]> texts = text is null ? ExitChoice.OwnTexts(setting) : Windows(shared.Tokenizer.Encode(text), setting.Quick ? 2 : 16);
        ExitChoice choice = ExitChoice.Make(setting, document, texts, text is null ? "its own texts at temperature 0.7" : "the given text", log);
        var quality = new QualityExperiment(setting, document, log);
        quality.Policies(choice);
        quality.Confidences(choice, texts);
        document.Heading(2, "M1: policies at fixed exit rates");
        document.Text($"Exits by chance after a quarter of the layers, at a fixed rate; the exit is read out as always, for every row that comes to it, so the costs are true whatever it says.");
        var fixedRates = new ThroughputExperiment(setting, document, log);
        fixedRates.Run(shared.TargetName, (rate, _) => new DrexLoads(setting.Tales, setting.TalesPrompts, setting.TalesTokens, [DrexSetting.QuarterOf(setting.Tales)], (float)(1 - rate), Synthetic: true), setting.Batches, setting.Quick ? 0.02 : 0.25);
        log.WriteLine($"  loading {shared.SyntheticName}");
        TransformerModel large = shared.OpenSynthetic(DType.Q8_0, context: 512);
        int[][] prompts = [.. Enumerable.Range(1, 16).Select(i => (int[])[i, i + 1])];
        fixedRates.Run($"{shared.SyntheticName}, Q8_0", (rate, batch) => new DrexLoads(large, prompts, setting.Quick ? 8 : batch <= 8 ? 110 : 62, [DrexSetting.QuarterOf(large)], (float)(1 - rate), Synthetic: true), setting.Batches, setting.Quick ? 0.02 : 0.7);
        new ThresholdExperiment(setting, document, log).Sweep();
        quality.MissingKeys(choice, texts);
        var latency = new LatencyExperiment(setting, document, log);
        latency.Run(choice);
        Conclude(setting, document, quality, latency);
    }

    private static void Conclude(DrexSetting setting, ResultDocument document, QualityExperiment quality, LatencyExperiment latency)
    {
        document.Heading(2, "What came of the targets");
        document.Text($"Aimed at: {DrexVerdict.Target:F2} times the speed of the best baseline that forces nobody out (off, lazy, latency-only), nobody forced out, the same NLL within {QualityExperiment.SameNll:F2} nat, and less than {LatencyExperiment.AllowedMisses:P0} of the tokens late. The paper's form is DREX too and is no baseline; how far the default form is from it stands beside. `at most` is what any order of passes could gain over that baseline: every token needs its part of a shallow pass and of the read-out at the exit, every token that stays its part of a deep pass, with `kv=postfill` every other token too, less the read-out, each at the least that a row of a pass of any size was measured to take. Where that is below {DrexVerdict.Target:F2}, the target is out of reach, as far as the costs that were measured before the contest hold in it: a machine that others use moves them by some percent, and gains above `at most` tell by how much.");
        document.Table(["model", "exit rate", "batch", "best baseline", "drex over it", "at most", "drex over paper", "forced exits of drex", "speed"], setting.Verdicts.Select(v =>
            (object?[])[v.Where, v.Rate is { } rate ? rate : $"real, {v.Drex.ExitRate:F2}", v.Batch, v.Best.Name, v.Gain, v.MostGain, v.Drex.Throughput / v.Paper.Throughput, v.Drex.Statistics.ForcedExits, v.Words]));
        (double difference, double error) = quality.NllGap;
        string same = Math.Abs(difference) <= QualityExperiment.SameNll ? "met" : Math.Abs(difference) - (2 * error) <= QualityExperiment.SameNll ? "not shown: the difference is within its error" : "not met";
        document.Text($"Speed: met in {setting.Verdicts.Count(v => v.IsMet)} of {setting.Verdicts.Count} cases, out of reach in {setting.Verdicts.Count(v => !v.IsMet && v.IsOutOfReach)}. NLL on real exits at batch {setting.Batch}: drex less the best baseline is {difference:F4} ± {error:F4} nats: {same}{Elsewhere(quality)}. Late tokens with a target: {latency.Misses:P2}: {(latency.Misses < LatencyExperiment.AllowedMisses ? "met" : "not met")}. Decisions took {setting.Verdicts.Average(v => v.Drex.DecisionMicroseconds):F0} µs a step on average, {setting.Verdicts.Max(v => v.Drex.DecisionMicroseconds):F0} at most.");
    }

    private static string Elsewhere(QualityExperiment quality) => quality.SameAt is { } at
        ? FormattableString.Invariant($"; of the confidences tried, {at.Confidence:F2} is the lowest where it is shown to be met, twice the error included: there {at.Agreement:P1} agree and {at.ExitRate:P1} leave early")
        : "; it is shown to be met at no confidence that was tried";

    private static IReadOnlyList<int[]> Windows(int[] tokens, int count)
    {
        const int Length = 104;
        if (tokens.Length < 2 * Length) throw new InvalidDataException($"The text has {tokens.Length} tokens; give one of {2 * Length} or more.");
        int step = Math.Max(Length, tokens.Length / count);
        return [.. Enumerable.Range(0, Math.Min(count, tokens.Length / step)).Select(i => tokens.AsSpan(i * step, Math.Min(Length, tokens.Length - (i * step))).ToArray())];
    }
}
