using System.Text;

namespace Switchyard;

/// <summary>Reads the part of a strategy's spelling after the colon.</summary>
internal ref struct StrategySpecReader(string text, int start)
{
    private int _at = start;

    /// <summary>Reads <c>key=value,flag,…</c> to the end; values keep their quotes.</summary>
    public List<KeyValuePair<string, string>> Items()
    {
        var items = new List<KeyValuePair<string, string>>();
        do
        {
            string key = Key();
            if (items.Exists(item => item.Key == key)) throw Error($"'{key}' is given twice");
            items.Add(new(key, _at < text.Length && text[_at] == '=' ? Value() : ""));
            if (_at < text.Length && text[_at] != ',') throw Error("a comma must separate options");
        }
        while (_at++ < text.Length);
        return items;
    }

    /// <summary>A value without its quotes.</summary>
    public static string Unquote(string value) => string.Join('+', Split(value));

    /// <summary>The parts of a value between plus signs outside quotes, without their quotes.</summary>
    public static List<string> Split(string value)
    {
        var parts = new List<string>();
        var part = new StringBuilder();
        bool quoted = false;
        for (int i = 0; i < value.Length; i++)
        {
            if (value[i] == '"' && quoted && i + 1 < value.Length && value[i + 1] == '"') part.Append(value[i++]);
            else if (value[i] == '"') quoted = !quoted;
            else if (value[i] == '+' && !quoted)
            {
                parts.Add(part.ToString());
                part.Clear();
            }
            else part.Append(value[i]);
        }
        parts.Add(part.ToString());
        return parts;
    }

    private string Key()
    {
        int from = _at;
        while (_at < text.Length && StrategySpec.IsNameCharacter(text[_at])) _at++;
        if (_at == from) throw Error("an option's name is missing");
        return text[from.._at].ToLowerInvariant();
    }

    private string Value()
    {
        int from = ++_at; // after the equals sign
        bool quoted = false;
        while (_at < text.Length && (quoted || text[_at] != ','))
            if (text[_at++] == '"') quoted = !quoted; // a doubled quote closes and opens again
        if (quoted) throw Error("a quote is not closed");
        string value = text[from.._at].Trim();
        return value.Length > 0 ? value : throw Error("an option has no value after '='");
    }

    private readonly StrategySpecException Error(string what) =>
        new($"Strategy '{text}', at character {Math.Min(_at, text.Length) + 1}: {what}. Write name:key=value,key=\"quoted value\".");
}
