namespace Switchyard.Model;

/// <summary>A request needs more context than the model or its cache was given.</summary>
public sealed class ContextOverflowException(string message) : InvalidOperationException(message);
