namespace Switchyard.Cli;

/// <summary>What the command returns to the shell; docs/cli.md explains each.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>A check ran and its answer is no.</summary>
    public const int CheckFailed = 1;

    /// <summary>The command line asks for something that does not exist.</summary>
    public const int Usage = 2;

    /// <summary>A model, tokenizer or other input file cannot be used.</summary>
    public const int Model = 3;

    /// <summary>The time given was over before anything could be said.</summary>
    public const int OutOfTime = 4;

    /// <summary>A fault of this program.</summary>
    public const int Internal = 70;

    /// <summary>Stopped by Ctrl-C (128 + SIGINT).</summary>
    public const int Interrupted = 130;
}
