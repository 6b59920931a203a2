namespace Switchyard.Strategies.Speculation;

/// <summary>A draft's token ids do not mean what the target's mean.</summary>
/// <param name="message">How many differ, which first, and what to use instead.</param>
public sealed class VocabularyException(string message) : Exception(message);
