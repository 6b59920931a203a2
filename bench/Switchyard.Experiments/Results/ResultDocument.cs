using System.Globalization;
using System.Text;

namespace Switchyard.Experiments.Results;

/// <summary>A Markdown document in the making, with tables and figures beside it.</summary>
/// <param name="name">The document is name.md, its figures name-….svg.</param>
/// <param name="folder">Where they go.</param>
internal sealed class ResultDocument(string name, string folder)
{
    private readonly StringBuilder _text = new();

    public void Heading(int level, string text) => _text.Append('#', level).Append(' ').AppendLine(text).AppendLine();

    public void Text(FormattableString text) => _text.AppendLine(text.ToString(CultureInfo.InvariantCulture)).AppendLine();

    /// <summary>A table; numbers are written the same everywhere.</summary>
    public void Table(string[] head, IEnumerable<object?[]> rows)
    {
        Line(head);
        Line([.. head.Select(_ => "---")]);
        foreach (object?[] row in rows) Line([.. row.Select(Cell)]);
        _text.AppendLine();
    }

    /// <summary>A figure in a file of its own.</summary>
    public void Figure(string id, LineChart chart)
    {
        Directory.CreateDirectory(folder);
        string file = $"{name}-{id}.svg";
        File.WriteAllText(Path.Combine(folder, file), chart.ToSvg());
        _text.AppendLine(CultureInfo.InvariantCulture, $"![{chart.Title}]({file})").AppendLine();
    }

    /// <summary>Writes the document.</summary>
    /// <returns>Its path.</returns>
    public string Write()
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, name + ".md");
        File.WriteAllText(path, _text.ToString().ReplaceLineEndings("\n"));
        return path;
    }

    private void Line(string[] cells) => _text.Append("| ").AppendJoin(" | ", cells).AppendLine(" |");

    private static string Cell(object? value) => value switch
    {
        null => "",
        double number => number.ToString(Math.Abs(number) < 10 ? "F2" : "F1", CultureInfo.InvariantCulture),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
