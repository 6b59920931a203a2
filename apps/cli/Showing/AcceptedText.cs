using System.Text;
using Switchyard.Strategies;

namespace Switchyard.Cli.Showing;

/// <summary>Text in which what was guessed and kept can be told from the model's own: underlined and green, or in brackets where nothing else can be shown.</summary>
/// <param name="styled">Whether escape codes may be written.</param>
internal sealed class AcceptedText(bool styled)
{
    private const string On = "\e[4;32m", Off = "\e[24;39m", Open = "‹", Close = "›";

    private bool _inside;

    /// <summary>What the marks mean.</summary>
    public string Legend => styled ? $"{On}underlined{Off}: guessed and kept · plain: the model's own" : $"{Open}in brackets{Close}: guessed and kept · plain: the model's own";

    /// <summary>The text of one token, with marks where a run of guesses begins and ends.</summary>
    public string Append(GeneratedToken token)
    {
        if (token.Text.Length == 0) return "";
        var text = new StringBuilder();
        if (_inside && !token.IsDrafted) text.Append(End());
        if (!_inside && token.IsDrafted) text.Append(styled ? On : Open);
        _inside = token.IsDrafted;
        return text.Append(token.Text).ToString();
    }

    /// <summary>Ends a run of guesses that is still open.</summary>
    public string End()
    {
        string end = !_inside ? "" : styled ? Off : Close;
        _inside = false;
        return end;
    }
}
