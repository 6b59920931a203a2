namespace Switchyard;

/// <summary>A strategy's spelling cannot be read, names no known strategy, or gives it what it does not take.</summary>
/// <param name="message">What was found and what is supported.</param>
/// <param name="inner">What went wrong underneath, where something did.</param>
public sealed class StrategySpecException(string message, Exception? inner = null) : ArgumentException(message, inner);
