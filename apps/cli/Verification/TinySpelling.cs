using System.Globalization;

namespace Switchyard.Cli.Verification;

/// <summary>A spelling made to fit models of a few layers: exits meant for a deep model are spread over a shallow one, and thinned forms keep fewer layers.</summary>
internal static class TinySpelling
{
    /// <summary>The spelling for a model of <paramref name="layerCount"/> layers. As many exits as fit, and no heads from files, which fit their own model alone.</summary>
    public static StrategySpec Of(StrategySpec spec, int layerCount)
    {
        if (spec.Name == "auto" && !spec.Has("drafts")) return StrategySpec.Parse("auto:drafts=small+smaller"); // what the user's model may have beside it
        if (spec.Name == "specrouter" && spec.Has("models")) return Ladder(spec, layerCount);
        if (spec.Name != "drex" || !(spec.Has("exits") || spec.Has("heads"))) return spec;
        var settings = new List<string>();
        foreach (string key in spec.Keys)
        {
            if (key == "heads") continue;
            settings.Add($"{key}={(key == "exits" ? Exits(spec.Text(key)!, layerCount) : spec.Text(key))}");
        }
        return StrategySpec.Parse(settings.Count == 0 ? spec.Name : $"{spec.Name}:{string.Join(',', settings)}");
    }

    // A thinned form of a target of two layers keeps one; as many forms as there are layers to leave out, and lookup where none is left.
    private static StrategySpec Ladder(StrategySpec spec, int layerCount)
    {
        int thin = 0;
        var models = new List<string>();
        foreach (string model in spec.List("models"))
        {
            bool thinned = model is "skip" or "self" || model.StartsWith("self@", StringComparison.Ordinal);
            if (!thinned) models.Add($"\"{model.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
            else if (++thin < layerCount) models.Add($"self@{thin}");
        }
        if (models.Count == 0) models.Add("lookup");
        return StrategySpec.Parse($"{spec.Name}:{string.Join(',', spec.Keys.Select(key => key == "models" ? $"models={string.Join('+', models)}" : spec.Text(key)!.Length == 0 ? key : $"{key}={spec.Text(key)}"))}");
    }

    private static string Exits(string given, int layerCount)
    {
        int[] depths = [.. given.Split('+').Select(depth => int.TryParse(depth, CultureInfo.InvariantCulture, out int value) ? value : 0)];
        if (depths.All(depth => depth < layerCount)) return given; // fits, or is refused with its own message
        int count = Math.Min(depths.Length, layerCount - 1);
        return string.Join('+', Enumerable.Range(1, count).Select(i => Math.Max(i, i * layerCount / (count + 1))));
    }
}
