using Switchyard.Experiments.Results;

namespace Switchyard.Experiments.Auto;

/// <summary>What <c>auto</c> costs where nothing pays and brings where something does, class by class.</summary>
internal static class AutoExperiments
{
    private const double Wanted = 0.95; // of the best fixed strategy

    /// <summary>Runs everything.</summary>
    /// <param name="setting">Machine, models and sizes.</param>
    /// <param name="document">Where results go.</param>
    /// <param name="input">Prompts and sizes.</param>
    /// <param name="log">For people who wait.</param>
    public static IReadOnlyList<ClassResult> Run(ExperimentSetting setting, ResultDocument document, AutoInput input, TextWriter log)
    {
        int tokens = setting.Quick ? 24 : 256, pairs = Math.Max(2, input.Pairs ?? (setting.Quick ? 2 : 30)), choosing = Math.Min(6, pairs / 2);
        List<PromptClass> classes = PromptClass.Read(input.Folder, input.Book, setting.Tokenizer, setting.Quick ? 64 : 255);
        if (setting.Quick && classes.Count > 3) classes.RemoveRange(2, classes.Count - 3);
        using var contest = new AutoContest(setting);
        var results = new List<ClassResult>();
        foreach (PromptClass kind in classes)
        {
            results.Add(contest.Measure(kind, pairs, choosing, tokens));
            log.WriteLine(FormattableString.Invariant($"  {kind.Name}: {results[^1].Decoding.Median:F3} times plain ({results[^1].Decoding.Low:F3} to {results[^1].Decoding.High:F3}); {results[^1].BestName} {results[^1].Best:F3}, auto over it {results[^1].OfBest.Median:F3}"));
        }
        Write(setting, document, input, results, tokens, choosing);
        log.WriteLine(contest.Auto.ToString());
        return results;
    }

    private static void Write(ExperimentSetting setting, ResultDocument document, AutoInput input, List<ClassResult> results, int tokens, int choosing)
    {
        document.Heading(1, "auto: measurements");
        if (setting.Quick) document.Text($"**A quick run with tiny sizes, to see that the experiment works. Its numbers are no results.**");
        document.Text($"Made by `dotnet run -c Release --project bench/Switchyard.Experiments -- auto{(setting.Quick ? " --quick" : "")}{(input.Pairs is { } given ? FormattableString.Invariant($" --pairs {given}") : "")}{(input.Folder is null ? "" : " --eval DIR")}{(input.Book is null ? "" : " --book FILE")}` on: {setting.Machine}.");
        document.Text($"{setting.TargetName} with its smaller relatives as drafts; {tokens} tokens a request at the model's suggested temperature 0.8 and top-p 0.9, or the likeliest ones where that is said. Prompts are cut so that they and the output fit the context. One `auto` lives through all classes in this order, as in a server.");
        document.Text($"Every pair is one request decoded by `plain` and by `auto`, who goes first by turns; ratios above 1 mean that `auto` is faster. Medians over pairs, with the interval that a sign test does not reject at 5 %. All fixed strategies run the first {choosing} requests of each class, and the fastest of them there runs the other {results[0].Pairs - choosing} beside plain and auto: `best / plain` and `auto / best` are medians over those, which had no part in choosing it. Ratios are of decoding alone, \"whole request\" has the prompt too: a fixed strategy's draft reads it with the target before decoding begins, auto's when it first uses the draft. All tokens are compared with plain decoding's.");
        document.Table(
            ["", "class", "pairs", "plain tokens/s", "auto / plain", "interval", "whole request", "best fixed", "best / plain", "auto / best", "whole request", "used most"],
            results.Select((r, i) => (object?[])
            [
                i + 1, r.Name, r.Pairs, r.PlainSpeed, Three(r.Decoding.Median), FormattableString.Invariant($"{r.Decoding.Low:F3} … {r.Decoding.High:F3}"), Three(r.Whole.Median),
                $"`{r.BestName}`", Three(r.Best), r.Pays ? Three(r.OfBest.Median) : "", r.Pays ? Three(r.WholeOfBest) : "", $"`{r.Used}`",
            ]));
        document.Figure("classes", new LineChart("auto and the best fixed strategy by class", "class", "times plain", [
            new ChartSeries("auto", [.. results.Select((r, i) => (i + 1.0, r.Decoding.Median))], PointsOnly: true),
            new ChartSeries("best fixed", [.. results.Select((r, i) => (i + 1.0, r.Best))], PointsOnly: true),
            new ChartSeries("plain", [(0, 1), (results.Count, 1)])]));
        ClassResult slowest = results.MinBy(r => r.Decoding.Median)!;
        document.Text($"Least against plain: {slowest.Decoding.Median:F3} ({slowest.Name}); wanted: 0.98 or more.");
        if (results.Where(r => r.Pays).MinBy(r => r.OfBest.Median) is { } furthest)
            document.Text($"Least against the best fixed strategy, where one is at least {ClassResult.Paying:F2} times plain: {furthest.OfBest.Median:F3} ({furthest.Name}, interval {furthest.OfBest.Low:F3} to {furthest.OfBest.High:F3}, {furthest.WholeOfBest:F3} of whole requests); wanted: 0.95 or more, which {results.Count(r => r.Pays && r.OfBest.Median >= Wanted)} of {results.Count(r => r.Pays)} classes have ({results.Count(r => r.Pays && r.WholeOfBest >= Wanted)} of whole requests).");
    }

    private static string Three(double value) => value.ToString("F3", System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>What is measured on.</summary>
/// <param name="Folder">Prompts by category; null for a few that are built in.</param>
/// <param name="Book">Book text; null for none.</param>
/// <param name="Pairs">Pairs of each class; null for the usual number.</param>
internal sealed record AutoInput(string? Folder = null, string? Book = null, int? Pairs = null);
