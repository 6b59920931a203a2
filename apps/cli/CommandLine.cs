using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Switchyard.Cli.Commands;
using Switchyard.Cli.Options;
using Switchyard.Cli.Output;

namespace Switchyard.Cli;

/// <summary>The whole command line: parses, runs one verb, and turns whatever happens into an exit code.</summary>
internal static class CommandLine
{
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(10); // a step of the largest model that fits a laptop

    /// <summary>Runs one command line.</summary>
    /// <param name="args">Arguments, the program's name left out.</param>
    /// <param name="terminal">Where data and notes go.</param>
    /// <param name="kinds">Strategies that can be verified beside the product's own; null for none.</param>
    /// <param name="cancellationToken">Stops like Ctrl-C does.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Terminal terminal, IReadOnlyList<StrategyKind>? kinds = null, CancellationToken cancellationToken = default)
    {
        // A prompt may begin with @: no response files.
        ParseResult parsed = Root(terminal, kinds).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var invocation = new InvocationConfiguration
        {
            Output = terminal.Data, Error = terminal.Notes, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = StopWithin,
        };
        try
        {
            string[] mistakes = Mistakes(parsed);
            if (mistakes.Length > 0)
            {
                foreach (string message in mistakes) terminal.Error(message);
                terminal.Note($"See {Usage(parsed)} --help.");
                return ExitCodes.Usage;
            }
            return await parsed.InvokeAsync(invocation, cancellationToken);
        }
        catch (Exception e)
        {
            return Failures.Report(e, terminal, verbose: parsed.GetValue(CommonOptions.Verbose));
        }
        finally
        {
            terminal.Flush();
        }
    }

    private static Command Root(Terminal terminal, IReadOnlyList<StrategyKind>? kinds)
    {
        // A RootCommand would call itself after the assembly.
        var root = new Command("switchyard", "Runs Llama- and Qwen-family models on the CPU, with decoding that adapts and never changes the tokens.")
        {
            RunCommand.Create(terminal),
            InspectCommand.Create(terminal),
            TokenizeCommand.Create(terminal),
            ScoreCommand.Create(terminal),
            ConvertCommand.Create(terminal),
            BenchCommand.Create(terminal),
            VerifyCommand.Create(terminal, kinds),
            CheckDraftCommand.Create(terminal),
            TuneCommand.Create(terminal),
        };
        root.Add(CommonOptions.Verbose);
        root.Add(new HelpOption { Recursive = true });
        root.Add(new VersionOption());
        return root;
    }

    /// <summary>What the parser could not read, and what it read as an argument though it looks like an option.</summary>
    private static string[] Mistakes(ParseResult parsed)
    {
        if (parsed.Action is ParseErrorAction) return [.. parsed.Errors.Select(e => e.Message).Distinct()];
        if (parsed.Action is HelpAction || parsed.Tokens.Any(token => token.Type == TokenType.DoubleDash)) return [];
        return [.. parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens)
            .Where(token => token.Value.StartsWith("--", StringComparison.Ordinal))
            .Select(token => $"There is no option '{token.Value}'. Write -- before a prompt that begins with dashes.")];
    }

    private static string Usage(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult command; at = command.Parent)
            names.Push(command.Command.Name);
        return string.Join(' ', names);
    }
}
