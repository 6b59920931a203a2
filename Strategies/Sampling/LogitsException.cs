namespace Switchyard.Strategies.Sampling;

/// <summary>The target's logits cannot be sampled: one is not a finite number, or no token is left to choose.</summary>
/// <param name="message">What was found where, and what to do.</param>
public sealed class LogitsException(string message) : Exception(message);
