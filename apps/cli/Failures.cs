using Switchyard.Cli.Output;
using Switchyard.Model;
using Switchyard.Strategies.Sampling;
using Switchyard.Strategies.Serving;
using Switchyard.Strategies.Speculation;

namespace Switchyard.Cli;

/// <summary>Turns an exception into one clear message and an exit code.</summary>
internal static class Failures
{
    /// <summary>Says what went wrong, in the exception's own words.</summary>
    public static int Report(Exception error, Terminal terminal, bool verbose)
    {
        int code = CodeOf(error);
        if (code == ExitCodes.Interrupted) terminal.Note("Stopped.");
        else terminal.Error(Message(error));
        if (verbose && code != ExitCodes.Interrupted) terminal.Note(error.ToString());
        else if (code == ExitCodes.Internal) terminal.Note($"This is a fault of switchyard ({error.GetType().Name}); --verbose shows where.");
        return code;
    }

    /// <summary>The message, without the name of a parameter that the command line does not have.</summary>
    private static string Message(Exception error) =>
        error is ArgumentException { ParamName: { } name } ? error.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : error.Message;

    private static int CodeOf(Exception error) => error switch
    {
        OperationCanceledException => ExitCodes.Interrupted,
        UsageException or ArgumentException or NotSupportedException => ExitCodes.Usage,
        IOException or UnauthorizedAccessException or ContextOverflowException or AdmissionException or LogitsException or VocabularyException or OutOfMemoryException => ExitCodes.Model,
        _ => ExitCodes.Internal,
    };
}
