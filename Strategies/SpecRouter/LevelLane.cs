using Switchyard.Strategies.Sampling;
using Switchyard.Strategies.Speculation;

namespace Switchyard.Strategies.SpecRouter;

/// <summary>One request at one level of a ladder: what the level keeps for it, and what it said last.</summary>
/// <param name="request">The request.</param>
public sealed class LevelLane(DecodingRequest request)
{
    private TokenChoice[] _choices = new TokenChoice[16];

    /// <summary>The request.</summary>
    public DecodingRequest Request { get; } = request;

    /// <summary>Owned by the level between <see cref="IChainLevel.TryOpen"/> and <see cref="IChainLevel.Close"/>.</summary>
    public object? State { get; set; }

    /// <summary>Tokens that are wanted of a level that drafts several at once.</summary>
    public int Wanted { get; internal set; }

    /// <summary>
    /// What the level chose in the last pass: for each pending token that it kept the same token, then one of its own. A level
    /// that only drafts gives its guesses.
    /// </summary>
    public ReadOnlySpan<TokenChoice> Choices => _choices.AsSpan(0, ChoiceCount);

    /// <summary>Length of <see cref="Choices"/>.</summary>
    public int ChoiceCount { get; private set; }

    /// <summary>Why the level could not choose, if it could not.</summary>
    public Exception? Error { get; set; }

    /// <summary>Takes the distribution after the context, where somebody wants to compare it.</summary>
    public NextTokenLaw? Law { get; internal set; }

    /// <summary>A tree to check in place of the pending tokens, which are its first nodes, each the child of the one before; null for none. A level that checks no trees may leave it.</summary>
    public DraftTree? Tree { get; internal set; }

    /// <summary>Receives the best guesses at every place, where they are wanted.</summary>
    internal RankedChoices? Ranked { get; set; }

    /// <summary>Tokens from the start that this level chose or kept.</summary>
    internal int Verified { get; set; }

    /// <summary>Tokens that the level's cache holds, as far as known.</summary>
    internal int Cached { get; set; }

    /// <summary>Whether the level holds something for the request.</summary>
    internal bool IsOpen { get; set; }

    /// <summary>Whether this level can never serve this request.</summary>
    internal bool IsBarred { get; set; }

    /// <summary>Failures in a row, and the number of tokens from which the lane is asked again.</summary>
    internal int Failures { get; set; }

    internal int RestsUntil { get; set; }

    /// <summary>Forgets what was said.</summary>
    public void ClearChoices() => (ChoiceCount, Error) = (0, null);

    /// <summary>Says a further token.</summary>
    public void Choose(TokenChoice choice)
    {
        if (ChoiceCount == _choices.Length) Array.Resize(ref _choices, 2 * ChoiceCount);
        _choices[ChoiceCount++] = choice;
    }
}
