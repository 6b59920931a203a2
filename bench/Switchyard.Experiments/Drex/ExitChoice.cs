using Switchyard.Experiments.Measuring;
using Switchyard.Experiments.Results;
using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;

namespace Switchyard.Experiments.Drex;

/// <summary>Exits, the form of missing keys and values, and the lowest confidence with which they agree with full depth often enough, on a text that is forced on the model.</summary>
/// <param name="Exits">Depths.</param>
/// <param name="Confidence">The threshold, a whole number of hundredths.</param>
/// <param name="Kv">What later rows see of rows that left: the form that lets more of them leave.</param>
/// <param name="Trial">What it does to the text, one request at a time.</param>
internal sealed record ExitChoice(IReadOnlyList<int> Exits, float Confidence, MissingKv Kv, ExitTrialReport Trial)
{
    /// <summary>Part of the tokens that must be full depth's.</summary>
    public const double Wanted = 0.95;

    /// <summary>Chooses, and tells how.</summary>
    public static ExitChoice Make(DrexSetting setting, ResultDocument document, IReadOnlyList<int[]> texts, string source, TextWriter log)
    {
        log.WriteLine("exits of the trained model");
        TransformerModel model = setting.Tales;
        int layers = model.Config.LayerCount;
        using var runner = new ModelRunner(model, TransformerModel.ReadoutChunk, 2 * model.ContextLength);
        int[] all = [.. texts.SelectMany(t => t)];
        int[][] candidates = [.. new[] { [layers / 4], [layers / 3], [5 * layers / 12], [layers / 2], [2 * layers / 3], new[] { layers / 3, 2 * layers / 3 } }.Where(c => c[0] > 0).DistinctBy(c => string.Join('+', c))];
        ExitAdvice[] advice = [.. candidates.Select(exits => ExitAdvisor.Measure(runner, all, exits, wantedAgreement: Wanted))];
        ExitAdvice best = advice.MaxBy(a => a.Recommended?.Speedup ?? 0)!;
        int low = (int)Math.Round(100 * (best.Recommended?.Confidence ?? 0.99));
        ExitChoice[] forms = [.. ((MissingKv[])[MissingKv.Source, MissingKv.Postfill]).Select(kv => Lowest(runner, texts, best.Exits, low, kv))];
        ExitChoice taken = forms.MaxBy(f => f.Trial.ExitRate)!;

        document.Heading(2, "Where to leave");
        document.Text($"{setting.Base.TargetName} on {source} ({all.Length} tokens). For each set of exits the lowest confidence that agrees with full depth on {Wanted:P0} of the tokens, with what it could gain at most, by weights read for one request. {best}");
        document.Table(["exits", "confidence", "left early", "mean layers", "at most, times plain"], advice.Select(a => (object?[])(a.Recommended is { } r
            ? [string.Join('+', a.Exits), r.Confidence, r.ExitRate, r.MeanLayers, r.Speedup] : [string.Join('+', a.Exits), "none", 0.0, (double)layers, 1.0])));
        document.Text($"With exits={string.Join('+', best.Exits)}, decoded one request at a time, with what exits do to later rows, {taken.Trial.Positions} tokens:");
        document.Table(["keys and values of rows that left", "lowest confidence", "agreement", "left early"], forms.Select(f => (object?[])[f.KvName, f.Confidence, $"{f.Trial.Agreement:P1}", $"{f.Trial.ExitRate:P1}"]));
        document.Text($"Taken: {taken}, which lets more leave.");
        return taken;
    }

    /// <summary>The form of missing keys and values as the command line spells it.</summary>
    public string KvName => Kv == MissingKv.Postfill ? "postfill" : "source";

    /// <summary>A policy with this form of missing keys and values; those that look at whole groups have one form only.</summary>
    public DrexOptions With(DrexOptions policy) => policy.Policy == DrexPolicy.Off || policy.IsBatchDependent ? policy : policy with { Kv = Kv };

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"exits={string.Join('+', Exits)}, confidence={Confidence:F2}, kv={KvName}");

    private static ExitChoice Lowest(ModelRunner runner, IReadOnlyList<int[]> texts, IReadOnlyList<int> exits, int low, MissingKv kv)
    {
        ExitTrialReport trial = Try(runner, texts, exits, low, kv);
        while (trial.Agreement < Wanted && low < 100) trial = Try(runner, texts, exits, ++low, kv);
        while (low > 0 && Try(runner, texts, exits, low - 1, kv) is { Agreement: >= Wanted } lower) (trial, low) = (lower, low - 1);
        return new ExitChoice(exits, low / 100f, kv, trial);
    }

    /// <summary>The trial of a threshold over every text.</summary>
    public static ExitTrialReport Try(ModelRunner runner, IReadOnlyList<int[]> texts, IReadOnlyList<int> exits, int hundredths, MissingKv kv)
    {
        var options = new DrexOptions { Exits = exits, Confidence = hundredths / 100f, Kv = kv };
        ExitTrialReport[] parts = [.. texts.Select(text => ExitTrial.Run(runner, text, Math.Min(8, text.Length - 1), options))];
        double n = parts.Sum(p => p.Positions);
        double Mean(Func<ExitTrialReport, double> of) => parts.Sum(p => p.Positions * of(p)) / n;
        return new((int)n, Mean(p => p.Agreement), Mean(p => p.ExitRate), Mean(p => p.MeanLayers), Mean(p => p.MeanNll), Mean(p => p.FullNll));
    }

    /// <summary>Texts of the model's own, by plain decoding.</summary>
    public static List<int[]> OwnTexts(DrexSetting setting)
    {
        var load = new DrexLoads(setting.Tales, setting.TalesPrompts, setting.TalesTokens, [1], 1, Synthetic: false);
        using SteadyLoad plain = load.Open("off", new DrexOptions { Policy = DrexPolicy.Off }, 8);
        return [.. plain.First(setting.Quick ? 2 : 16).Select(r => r.Tokens.ToArray())];
    }
}
