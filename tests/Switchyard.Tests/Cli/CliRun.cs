using System.Text.Json;
using Switchyard.Cli;
using Switchyard.Cli.Output;

namespace Switchyard.Tests.Cli;

/// <summary>One run of the command inside the test process.</summary>
/// <param name="Code">The exit code.</param>
/// <param name="Data">Standard output.</param>
/// <param name="Notes">Standard error.</param>
internal sealed record CliRun(int Code, string Data, string Notes)
{
    /// <summary>Runs a command line.</summary>
    public static Task<CliRun> Of(params string[] args) => Of("", CancellationToken.None, args);

    /// <summary>Runs a command line with something piped in.</summary>
    public static Task<CliRun> Of(string input, CancellationToken cancellation, params string[] args) => Run(input, null, args, cancellation);

    /// <summary>Runs a command line that knows a strategy more.</summary>
    public static Task<CliRun> With(StrategyKind kind, params string[] args) => Run("", [kind], args, CancellationToken.None);

    private static async Task<CliRun> Run(string input, IReadOnlyList<StrategyKind>? kinds, string[] args, CancellationToken cancellation)
    {
        using var data = new StringWriter();
        using var notes = new StringWriter();
        int code = await CommandLine.RunAsync(args, new Terminal(data, notes, new StringReader(input)), kinds, cancellation);
        return new CliRun(code, data.ToString(), notes.ToString());
    }

    /// <summary>Standard output as JSON; the run must have succeeded.</summary>
    public JsonElement Json()
    {
        Xunit.Assert.True(Code == 0, $"exit code {Code}: {Notes}");
        return JsonSerializer.Deserialize<JsonElement>(Data);
    }
}
