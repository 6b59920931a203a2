namespace Switchyard.Strategies.Drex;

/// <summary>An option of DREX is unknown or has a value outside what is supported.</summary>
/// <param name="option">The option's name.</param>
/// <param name="message">What was given and what is supported.</param>
public sealed class DrexOptionsException(string option, string message) : ArgumentException($"{option}: {message}", option)
{
    /// <summary>The name of the option in <see cref="DrexOptions"/>, or of the setting.</summary>
    public string Option { get; } = option;
}
