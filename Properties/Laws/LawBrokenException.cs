namespace Switchyard.Properties;

/// <summary>A law does not hold. The message carries the smallest case found and how to repeat it.</summary>
public sealed class LawBrokenException(string message) : Exception(message);
