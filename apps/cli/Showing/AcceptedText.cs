using System.Text;
using Switchyard.Strategies;

namespace Switchyard.Cli.Showing;

/// <summary>
/// Text in which what was guessed and kept can be told from the model's own: underlined and coloured, or in brackets where
/// nothing else can be shown. With a ladder every level has a colour and a number of its own.
/// </summary>
/// <param name="styled">Whether escape codes may be written.</param>
internal sealed class AcceptedText(bool styled)
{
    private const string Off = "\e[24;39m", Open = "‹", Close = "›", Digits = "₀₁₂₃₄₅₆₇₈₉";

    private static readonly int[] Colours = [32, 36, 33, 35, 34, 31]; // green, cyan, yellow, magenta, blue, red

    private int? _inside; // the level of the open run, −1 without a ladder; null outside

    /// <summary>What the marks mean.</summary>
    /// <param name="levels">Names of a ladder's levels from the bottom; null or none without one.</param>
    public string Legend(IEnumerable<string>? levels = null)
    {
        string[] names = [.. levels ?? []];
        if (names.Length == 0) return $"{(styled ? $"{On(-1)}underlined{Off}" : $"{Open}in brackets{Close}")}: guessed and kept · plain: the model's own";
        IEnumerable<string> marks = names.Select((name, level) => $"{Begin(level)}{name}{End(level)}");
        return $"guessed or last kept by {string.Join(", ", marks)} · plain: the model's own";
    }

    /// <summary>The text of one token, with marks where a run of guesses of one level begins and ends.</summary>
    public string Append(GeneratedToken token)
    {
        if (token.Text.Length == 0) return "";
        var text = new StringBuilder();
        int? level = token.IsDrafted ? token.DraftLevel ?? -1 : null;
        if (_inside != level)
        {
            text.Append(End());
            if (level is { } begins) text.Append(Begin(begins));
            _inside = level;
        }
        return text.Append(token.Text).ToString();
    }

    /// <summary>Ends a run of guesses that is still open.</summary>
    public string End()
    {
        string end = _inside is { } level ? End(level) : "";
        _inside = null;
        return end;
    }

    private string Begin(int level) => styled ? On(level) : Open;

    // The number stands in both forms: colours alone do not tell everybody apart.
    private string End(int level) => (level < 0 ? "" : Number(level + 1)) + (styled ? Off : Close);

    private static string On(int level) => $"\e[4;{Colours[Math.Max(0, level) % Colours.Length]}m";

    private static string Number(int number) => string.Concat(number.ToString(System.Globalization.CultureInfo.InvariantCulture).Select(digit => Digits[digit - '0']));
}
