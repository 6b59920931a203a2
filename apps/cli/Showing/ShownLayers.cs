using System.Globalization;
using System.Text;
using Spectre.Console;
using Switchyard.Cli.Output;

namespace Switchyard.Cli.Showing;

/// <summary><c>run --show layers</c>: the depth every token left at, as a line of bars, and as colour on the text where there is colour.</summary>
internal static class ShownLayers
{
    private const int LineTokens = 64;
    private const string Bars = "▁▂▃▄▅▆▇█";

    private static readonly Color[] Heat = [Color.Blue, Color.Aqua, Color.Green, Color.Yellow, Color.Orange1, Color.Red];

    /// <summary>Writes one report.</summary>
    /// <param name="report">The report; of a strategy with exits.</param>
    /// <param name="layerCount">Layers of the model.</param>
    /// <param name="text">The text of one token.</param>
    /// <param name="terminal">Where it is read.</param>
    public static void Write(DecodeReport report, int layerCount, Func<int, string> text, Terminal terminal)
    {
        if (report.LayersByToken is not { Count: > 0 } depths) return;
        terminal.Note(Legend(depths, layerCount));
        foreach (string line in Lines(depths, layerCount)) terminal.Note(line);
        if (!terminal.HasColor) return;
        for (int i = 0; i < depths.Count; i++) terminal.Paint(text(report.Tokens[i]), Heat[(depths[i] - 1) * Heat.Length / layerCount]);
        terminal.Note("");
    }

    /// <summary>What the bars mean, and how often each occurred.</summary>
    public static string Legend(IReadOnlyList<int> depths, int layerCount)
    {
        IEnumerable<string> parts = depths.CountBy(depth => depth).OrderBy(pair => pair.Key).Select(pair => string.Create(CultureInfo.InvariantCulture, $"{Bar(pair.Key, layerCount)} layer {pair.Key}: {pair.Value}"));
        return string.Create(CultureInfo.InvariantCulture, $"layers  {string.Join("   ", parts)}   mean {depths.Average():F1} of {layerCount}");
    }

    /// <summary>A bar a token, with the number of the first token before each line.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<int> depths, int layerCount)
    {
        for (int start = 0; start < depths.Count; start += LineTokens)
        {
            var line = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{start + 1,6}  ");
            for (int i = start; i < Math.Min(depths.Count, start + LineTokens); i++) line.Append(Bar(depths[i], layerCount));
            yield return line.ToString();
        }
    }

    private static char Bar(int depth, int layerCount) => Bars[Math.Clamp(((depth * Bars.Length) + layerCount - 1) / layerCount, 1, Bars.Length) - 1];
}
