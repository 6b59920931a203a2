using System.Globalization;
using System.Text;
using Spectre.Console;

namespace Switchyard.Cli.Output;

/// <summary>Standard output for data, standard error for people, and what is known of each.</summary>
internal sealed class Terminal
{
    private readonly IAnsiConsole? _live;

    /// <summary>Writes data to <paramref name="data"/> and everything else to <paramref name="notes"/>; neither is a terminal.</summary>
    public Terminal(TextWriter data, TextWriter notes, TextReader? input = null) => (Data, Notes, Input) = (data, notes, input ?? TextReader.Null);

    private Terminal(TextWriter data, TextWriter notes, TextReader input, IAnsiConsole? live, bool dataIsTerminal) : this(data, notes, input) =>
        (_live, DataIsTerminal) = (live, dataIsTerminal);

    /// <summary>The process's own streams.</summary>
    public static Terminal System()
    {
        bool dataIsTerminal = !Console.IsOutputRedirected;
        var data = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), 1 << 14) { AutoFlush = dataIsTerminal, NewLine = "\n" };
        IAnsiConsole? live = Console.IsErrorRedirected ? null : AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Console.Error),
            Ansi = NoColor || Environment.GetEnvironmentVariable("TERM") == "dumb" ? AnsiSupport.No : AnsiSupport.Detect,
        });
        return new Terminal(data, Console.Error, Console.In, live, dataIsTerminal);
    }

    /// <summary>Data, and nothing but data.</summary>
    public TextWriter Data { get; }

    /// <summary>Notes for people.</summary>
    public TextWriter Notes { get; }

    /// <summary>What is piped in.</summary>
    public TextReader Input { get; }

    /// <summary>A person reads the data as it comes.</summary>
    public bool DataIsTerminal { get; }

    /// <summary>The terminal that shows progress, or null where nobody watches.</summary>
    public IAnsiConsole? Live => _live;

    private static bool NoColor => Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };

    /// <summary>One line for people.</summary>
    public void Note(string text) => Notes.WriteLine(text);

    /// <summary>One line for people, with numbers written the same everywhere.</summary>
    public void Note(FormattableString text) => Notes.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    /// <summary>Whether notes may have colours: somebody watches, and NO_COLOR does not forbid it.</summary>
    public bool HasColor => _live is not null && !NoColor && _live.Profile.Capabilities.Ansi;

    /// <summary>Text for people without a line end, in a colour where that can be.</summary>
    public void Paint(string text, Color color)
    {
        if (_live is null) Notes.Write(text);
        else _live.Write(new Text(text, new Style(color)));
    }

    /// <summary>One error for people.</summary>
    public void Error(string text)
    {
        if (_live is null) Notes.WriteLine($"error: {text}");
        else _live.Write(new Paragraph("error: ", new Style(Color.Red)).Append(text + Environment.NewLine));
    }

    /// <summary>Names and values, one a line: a table without lines where a person reads, plain text with a tab elsewhere.</summary>
    public void Table(IEnumerable<(string Name, string Value)> rows)
    {
        if (!DataIsTerminal)
        {
            foreach ((string name, string value) in rows) Data.WriteLine($"{name}\t{value}");
            return;
        }
        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        foreach ((string name, string value) in rows) grid.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(value));
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Data), Ansi = NoColor ? AnsiSupport.No : AnsiSupport.Detect }).Write(grid);
    }

    /// <summary>Text that a person reads while it grows: shown at once, and dimmed where that can be.</summary>
    public string Dim(string text) => CanStyleData ? $"\e[2m{text}\e[22m" : text;

    /// <summary>Whether escape codes may go to <see cref="Data"/>: a terminal that knows them, and nobody who forbade colour.</summary>
    public bool CanStyleData => DataIsTerminal && !NoColor && Environment.GetEnvironmentVariable("TERM") != "dumb";

    /// <summary>Writes what is held back.</summary>
    public void Flush()
    {
        Data.Flush();
        Notes.Flush();
    }
}
