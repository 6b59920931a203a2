namespace Switchyard.Strategies;

/// <summary>An option of generation has a value outside what is supported.</summary>
/// <param name="option">The option's name.</param>
/// <param name="message">What was given and what is supported.</param>
public sealed class GenerationOptionsException(string option, string message) : ArgumentException($"{option}: {message}", option)
{
    /// <summary>The name of the option in <see cref="GenerationOptions"/>.</summary>
    public string Option { get; } = option;
}
