using System.Globalization;

namespace Switchyard;

/// <summary>
/// How a strategy is spelt, the same in code, on the command line and in reports: <c>name</c>, or
/// <c>name:key=value,flag,key="quoted value"</c>.
/// </summary>
/// <remarks>
/// A value that has a comma, a plus sign that is not a separator, a quote or spaces at its ends stands in double quotes, in
/// which a double quote is doubled. Lists are separated by <c>+</c>. Instances are immutable and compare by their spelling.
/// </remarks>
public sealed class StrategySpec : IEquatable<StrategySpec>
{
    private readonly IReadOnlyList<KeyValuePair<string, string>> _items; // values as spelt, quotes included

    private StrategySpec(string name, IReadOnlyList<KeyValuePair<string, string>> items) => (Name, _items) = (name, items);

    /// <summary>Plain decoding: one token of the target a step.</summary>
    public static StrategySpec Plain { get; } = Parse("plain");

    /// <summary>The automatic choice among lossless strategies, by measured time.</summary>
    public static StrategySpec Auto { get; } = Parse("auto");

    /// <summary>The strategy's name, lower case.</summary>
    public string Name { get; }

    /// <summary>Keys in the order given.</summary>
    public IEnumerable<string> Keys => _items.Select(item => item.Key);

    /// <summary>Reads a spelling.</summary>
    /// <exception cref="StrategySpecException">It cannot be read; says where and what was expected.</exception>
    public static StrategySpec Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string name = (colon < 0 ? text : text[..colon]).Trim();
        if (name.Length == 0 || !name.All(IsNameCharacter))
            throw new StrategySpecException($"Strategy '{text}' does not begin with a name. Write name or name:key=value,key=value, such as plain.");
        return new StrategySpec(name.ToLowerInvariant(), colon < 0 ? [] : new StrategySpecReader(text, colon + 1).Items());
    }

    /// <summary>Whether <paramref name="key"/> was given, with or without a value.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>The value of <paramref name="key"/> without quotes; null where the key was not given.</summary>
    public string? Text(string key) => Find(key) is { } value ? StrategySpecReader.Unquote(value) : null;

    /// <summary>The value of <paramref name="key"/> split at unquoted plus signs; empty where the key was not given.</summary>
    public IReadOnlyList<string> List(string key) => Find(key) is { } value ? StrategySpecReader.Split(value) : [];

    /// <summary>A whole number.</summary>
    /// <exception cref="StrategySpecException">The value is not a number between the limits, both included.</exception>
    public int Int(string key, int otherwise, int minimum, int maximum)
    {
        if (Text(key) is not { } text) return otherwise;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= minimum && value <= maximum) return value;
        throw Bad(key, text, $"a whole number from {minimum} to {maximum}");
    }

    /// <summary>A number.</summary>
    /// <exception cref="StrategySpecException">The value is not a number between the limits, both included.</exception>
    public double Number(string key, double otherwise, double minimum, double maximum)
    {
        if (Text(key) is not { } text) return otherwise;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= minimum && value <= maximum) return value;
        throw Bad(key, text, FormattableString.Invariant($"a number from {minimum} to {maximum}"));
    }

    /// <summary>A switch: the bare key, or key=true or key=false.</summary>
    /// <exception cref="StrategySpecException">The value is neither true nor false.</exception>
    public bool Flag(string key, bool otherwise = false) => Text(key) switch
    {
        null => otherwise,
        "" or "true" => true,
        "false" => false,
        { } text => throw Bad(key, text, "true or false"),
    };

    /// <summary>A time span: a number followed by <c>us</c>, <c>ms</c>, <c>s</c> or <c>min</c>, such as 50ms.</summary>
    /// <exception cref="StrategySpecException">The value is not a positive time with a unit.</exception>
    public TimeSpan Time(string key, TimeSpan otherwise)
    {
        if (Text(key) is not { } text) return otherwise;
        return Durations.TryParse(text, out TimeSpan value) ? value : throw Bad(key, text, "a time such as 50ms, 2s or 1min");
    }

    /// <summary>Checks that no other keys were given.</summary>
    /// <exception cref="StrategySpecException">Names the first key that is not among <paramref name="keys"/>, and those that are.</exception>
    public void AllowOnly(params ReadOnlySpan<string> keys)
    {
        foreach (string key in Keys)
        {
            if (keys.Contains(key)) continue;
            string supported = keys.IsEmpty ? "it takes none" : $"it takes {string.Join(", ", keys.ToArray())}";
            throw new StrategySpecException($"Strategy '{Name}' has no option '{key}': {supported}.");
        }
    }

    /// <summary>The value of a key that must be there.</summary>
    /// <exception cref="StrategySpecException">It is not.</exception>
    public string Required(string key, string meaning) => Text(key) is { Length: > 0 } text
        ? text
        : throw new StrategySpecException($"Strategy '{Name}' needs {key}=…: {meaning}.");

    /// <summary>The spelling: what <see cref="Parse"/> reads back to an equal instance.</summary>
    public override string ToString() => _items.Count == 0
        ? Name
        : Name + ":" + string.Join(",", _items.Select(item => item.Value.Length == 0 ? item.Key : $"{item.Key}={item.Value}"));

    /// <inheritdoc/>
    public bool Equals(StrategySpec? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as StrategySpec);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>A value as a spelling needs it: in quotes where it has characters with a meaning.</summary>
    internal static string Quote(string value) =>
        value.Length > 0 && value.IndexOfAny([',', '+', '"']) < 0 && value.Trim() == value ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    internal static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_';

    private string? Find(string key)
    {
        foreach (KeyValuePair<string, string> item in _items)
            if (item.Key == key) return item.Value;
        return null;
    }

    private StrategySpecException Bad(string key, string given, string supported) =>
        new($"Strategy '{Name}': {key}={given} is not supported; give {supported}.");
}
