using System.CommandLine;

namespace Switchyard.Cli.Options;

/// <summary>Options that mean the same for every verb.</summary>
internal static class CommonOptions
{
    public static Option<bool> Verbose { get; } = new("--verbose") { Description = "Show details of errors.", Recursive = true };

    /// <summary>Makes a <c>--json</c> option.</summary>
    public static Option<bool> Json(string what) => new("--json") { Description = $"Print {what} as JSON." };

    /// <summary>Makes a required <c>--file</c> option.</summary>
    public static Option<string> File(string what) => new("--file", "-f") { Description = what, HelpName = "F", Required = true };

    /// <summary>Reads a text file as UTF-8, its line ends as they are; - reads what is piped in.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static string ReadText(string path, Output.Terminal terminal)
    {
        if (path == "-") return terminal.Input.ReadToEnd();
        if (!System.IO.File.Exists(path)) throw new FileNotFoundException($"There is no file '{path}'.", path);
        return System.IO.File.ReadAllText(path);
    }
}
