namespace Switchyard.Strategies;

/// <summary>One step of a stream: a token, and the text that became certain with it.</summary>
/// <param name="Token">The token id; <see cref="None"/> for text alone that had been held back when the request ended without a further token.</param>
/// <param name="Text">
/// Text that can no longer become part of a stop string or of an unfinished character; often empty. The concatenation over
/// a stream is the whole text.
/// </param>
/// <param name="Choice">Log-probabilities, where they were asked for.</param>
/// <param name="FinishReason">Why the request ended, on its last element; null before.</param>
public readonly record struct GeneratedToken(int Token, string Text, TokenChoice Choice, FinishReason? FinishReason)
{
    /// <summary>Stands for "no token".</summary>
    public const int None = -1;

    /// <summary>Whether a drafter had guessed the token and the model kept it; false for the model's own.</summary>
    public bool IsDrafted { get; init; }

    /// <summary>Which level of a ladder guessed the token or last kept it, from 0 at the bottom; null without a ladder and for the model's own.</summary>
    public int? DraftLevel { get; init; }
}
