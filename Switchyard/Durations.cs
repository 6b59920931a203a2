using System.Globalization;

namespace Switchyard;

/// <summary>Times as people write them: 250us, 50ms, 2s, 1.5min.</summary>
public static class Durations
{
    private static readonly (string Unit, double Seconds)[] Units = [("us", 1e-6), ("ms", 1e-3), ("min", 60), ("s", 1)];

    /// <summary>Reads a positive time of at most a day.</summary>
    public static bool TryParse(string text, out TimeSpan time)
    {
        ArgumentNullException.ThrowIfNull(text);
        time = default;
        foreach ((string unit, double seconds) in Units)
        {
            if (!text.EndsWith(unit, StringComparison.Ordinal)) continue;
            if (!double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)) return false;
            if (!(number > 0 && number * seconds <= 86400)) return false;
            time = TimeSpan.FromSeconds(number * seconds);
            return true;
        }
        return false;
    }
}
