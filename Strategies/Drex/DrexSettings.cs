using System.Globalization;

namespace Switchyard.Strategies.Drex;

/// <summary>The spelling of <see cref="DrexOptions"/> on a command line.</summary>
internal static class DrexSettings
{
    private const string Known = "confidence, exits, kv, stays, policy, tbt, rows, parked, wait, pending, split, art";

    public static DrexOptions Parse(string settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var options = new DrexOptions();
        foreach (string setting in settings.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = setting.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new DrexOptionsException(setting, $"settings are name=value; known names are {Known}.");
            options = Apply(options, setting[..equals].Trim(), setting[(equals + 1)..].Trim());
        }
        return options;
    }

    public static string Format(DrexOptions options)
    {
        var standard = new DrexOptions();
        var settings = new List<string>();
        Add("confidence", options.Confidence, standard.Confidence);
        if (options.Exits is { } exits) settings.Add($"exits={string.Join('+', exits)}");
        Add("kv", Name(options.Kv), Name(standard.Kv));
        Add("stays", Name(options.Stays), Name(standard.Stays));
        Add("policy", Name(options.Policy), Name(standard.Policy));
        if (options.TimeBetweenTokens is { } tbt) settings.Add(FormattableString.Invariant($"tbt={tbt.TotalMilliseconds}ms"));
        Add("rows", options.MaxRows, standard.MaxRows);
        if (options.MaxParked is { } parked) settings.Add(FormattableString.Invariant($"parked={parked}"));
        Add("wait", options.MaxWait, standard.MaxWait);
        Add("pending", options.MaxPending, standard.MaxPending);
        if (options.SplitThreshold is { } split) settings.Add(FormattableString.Invariant($"split={split}"));
        if (options.PublishedThreshold) settings.Add("art=published");
        return string.Join(',', settings);

        void Add<T>(string name, T value, T usual)
        {
            if (!EqualityComparer<T>.Default.Equals(value, usual)) settings.Add(FormattableString.Invariant($"{name}={value}"));
        }
    }

    private static DrexOptions Apply(DrexOptions options, string name, string value) => name switch
    {
        "confidence" => options with { Confidence = Number(name, value) },
        "exits" => options with { Exits = Depths(name, value) },
        "kv" => options with { Kv = OneOf(name, value, MissingKv.Source, MissingKv.Postfill) },
        "stays" => Named(options with { Stays = OneOf(name, value, StayRule.Never, StayRule.Paper) }),
        "policy" => Named(options with { Policy = OneOf(name, value, Enum.GetValues<DrexPolicy>()) }),
        "tbt" => options with { TimeBetweenTokens = Time(name, value) },
        "rows" => options with { MaxRows = Count(name, value) },
        "parked" => options with { MaxParked = Count(name, value) },
        "wait" => options with { MaxWait = Count(name, value) },
        "pending" => options with { MaxPending = Count(name, value) },
        "split" => options with { SplitThreshold = Count(name, value) },
        "art" => options with { PublishedThreshold = value == "published" || (value == "repaired" ? false : throw Unknown(name, value, "published, repaired")) },
        _ => throw new DrexOptionsException(name, $"unknown setting; known names are {Known}."),
    };

    private static DrexOptions Named(DrexOptions options) => options with { AllowBatchDependent = options.IsBatchDependent };

    private static string Name<T>(T value)
        where T : struct, Enum => value is DrexPolicy.LatencyOnly ? "latency-only" : value.ToString().ToLowerInvariant();

    private static T OneOf<T>(string name, string value, params ReadOnlySpan<T> choices)
        where T : struct, Enum
    {
        string known = "";
        foreach (T choice in choices)
        {
            if (Name(choice) == value) return choice;
            known += (known.Length == 0 ? "" : ", ") + Name(choice);
        }
        throw Unknown(name, value, known);
    }

    private static int[] Depths(string name, string value)
    {
        string[] parts = value.Split('+');
        var depths = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++) depths[i] = Count(name, parts[i]);
        return depths;
    }

    private static float Number(string name, string value) =>
        float.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out float number) && float.IsFinite(number)
            ? number : throw Unknown(name, value, "a number such as 0.6");

    private static int Count(string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : throw Unknown(name, value, "a whole number");

    private static TimeSpan Time(string name, string value)
    {
        (string digits, double milliseconds) =
            value.EndsWith("ms", StringComparison.Ordinal) ? (value[..^2], 1.0)
            : value.EndsWith('s') ? (value[..^1], 1000.0)
            : (value, 0.0);
        return milliseconds > 0 && double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double time) && time is > 0 and < 1e9
            ? TimeSpan.FromMilliseconds(time * milliseconds) : throw Unknown(name, value, "a time such as 50ms or 0.2s");
    }

    private static DrexOptionsException Unknown(string name, string value, string known) => new(name, $"'{value}' is not known; give {known}.");
}
