namespace Switchyard.Strategies.Serving;

/// <summary>A request needs more room than the strategy has when nothing else runs.</summary>
/// <param name="message">What was asked for and what to do.</param>
public sealed class AdmissionException(string message) : Exception(message);
