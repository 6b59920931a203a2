namespace Switchyard.Cli;

/// <summary>The command line asks for something that does not exist or does not fit together.</summary>
/// <param name="message">What was given, and what to give instead.</param>
internal sealed class UsageException(string message) : Exception(message);
