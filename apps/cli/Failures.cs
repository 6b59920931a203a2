using Switchyard.Cli.Output;
using Switchyard.Model;
using Switchyard.Strategies;

namespace Switchyard.Cli;

/// <summary>Turns an exception into one clear message and an exit code.</summary>
internal static class Failures
{
    /// <summary>Says what went wrong, in the exception's own words.</summary>
    public static int Report(Exception error, Terminal terminal, bool verbose)
    {
        int code = CodeOf(error);
        if (code == ExitCodes.Interrupted) terminal.Note("Stopped.");
        else terminal.Error(error.Message);
        if (verbose && code != ExitCodes.Interrupted) terminal.Note(error.ToString());
        else if (code == ExitCodes.Internal) terminal.Note($"This is a fault of switchyard ({error.GetType().Name}); --verbose shows where.");
        return code;
    }

    private static int CodeOf(Exception error) => error switch
    {
        OperationCanceledException => ExitCodes.Interrupted,
        UsageException or StrategySpecException or GenerationOptionsException => ExitCodes.Usage,
        IOException or UnauthorizedAccessException or ContextOverflowException or InsufficientMemoryException => ExitCodes.Model,
        _ => ExitCodes.Internal,
    };
}
