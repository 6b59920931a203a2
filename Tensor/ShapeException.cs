namespace Switchyard.Tensor;

/// <summary>Two shapes that an operation needs to agree do not.</summary>
/// <param name="message">The operation, what was given, and what was needed.</param>
public sealed class ShapeException(string message) : ArgumentException(message);
