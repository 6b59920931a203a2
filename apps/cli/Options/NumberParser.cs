using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Switchyard.Cli.Options;

/// <summary>Reads numbers one way everywhere: a decimal point, no separators of thousands (which would make 5 of "0,5").</summary>
internal static class NumberParser
{
    /// <summary>The option's value as a number; otherwise an error that names the option and what was given.</summary>
    public static T Read<T>(ArgumentResult result)
        where T : struct, INumber<T>
    {
        string text = result.Tokens.Count > 0 ? result.Tokens[^1].Value : "";
        bool whole = typeof(T) != typeof(float) && typeof(T) != typeof(double);
        if (T.TryParse(text, whole ? NumberStyles.AllowLeadingSign : NumberStyles.Float, CultureInfo.InvariantCulture, out T number)) return number;
        string name = result.Parent is OptionResult option ? option.Option.Name : "The argument";
        result.AddError($"{name} takes {(whole ? "a whole number" : "a number such as 0.8")}; '{text}' is not one that fits.");
        return default;
    }
}
