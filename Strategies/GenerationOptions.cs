namespace Switchyard.Strategies;

/// <summary>How to choose tokens and when to stop. The defaults decode greedily until the model stops or the context is full.</summary>
/// <remarks>
/// Logits are shaped in this order: <see cref="RepetitionPenalty"/>, <see cref="FrequencyPenalty"/> and
/// <see cref="PresencePenalty"/>, <see cref="LogitBias"/>, division by <see cref="Temperature"/>, then
/// <see cref="TopK"/>, <see cref="TopP"/> (over what top-k left, renormalised) and <see cref="MinP"/>.
/// </remarks>
public sealed record GenerationOptions
{
    /// <summary>The smallest temperature above 0.</summary>
    public const float MinTemperature = 1e-6f;

    /// <summary>The most alternatives <see cref="LogProbs"/> may ask for.</summary>
    public const int MaxLogProbs = 1024;

    /// <summary>Tokens to generate at most; null: until the model stops or its context is full.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>Divides the logits; 0 takes the likeliest token.</summary>
    public float Temperature { get; init; }

    /// <summary>Keeps the k likeliest tokens, ties by lowest id; null keeps all.</summary>
    public int? TopK { get; init; }

    /// <summary>Keeps the fewest likeliest tokens whose probabilities reach this sum, in (0, 1]; null keeps all.</summary>
    public float? TopP { get; init; }

    /// <summary>Keeps tokens at least this fraction as likely as the likeliest, in [0, 1]; null keeps all.</summary>
    public float? MinP { get; init; }

    /// <summary>
    /// Divides the positive and multiplies the negative logits of tokens already seen, in prompt or output; 1 changes nothing.
    /// </summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>How many of the latest tokens <see cref="RepetitionPenalty"/> looks at; null: all.</summary>
    public int? RepetitionWindow { get; init; }

    /// <summary>Subtracted from a token's logit for each time it was generated; the prompt does not count.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Subtracted from the logit of every token that was generated; the prompt does not count.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Added to logits, by token id; negative infinity forbids a token.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>
    /// Fixes the output: the same seed gives the same tokens, whatever the lossless strategy or the batch. Null: one is drawn,
    /// and <see cref="DecodingRequest.Seed"/> reports it.
    /// </summary>
    public ulong? Seed { get; init; }

    /// <summary>Tokens that end the request, beside the model's own. They count as output and add no text.</summary>
    public IReadOnlyCollection<int> StopTokens { get; init; } = [];

    /// <summary>Strings that end the request. The text ends before the first of them to be completed.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Goes on after the model's own end of text.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>
    /// Reports the natural log-probability of each chosen token and of this many likeliest ones, under the model's own
    /// distribution (before penalties and temperature); null reports none.
    /// </summary>
    public int? LogProbs { get; init; }

    /// <summary>
    /// Under early exit: how sure an exit must be for its token to be taken, as the gap between the two likeliest tokens'
    /// probabilities, in [0, 1]; 1 never exits. Null: the strategy's own. Other strategies do not look at it.
    /// </summary>
    public float? ExitConfidence { get; init; }

    /// <summary>
    /// Under early exit: the time that may pass between two tokens of this request. Regrouping hurries for it and never changes
    /// tokens. Null: the strategy's own, which may be none.
    /// </summary>
    public TimeSpan? TimeBetweenTokens { get; init; }

    /// <summary>Checks every option.</summary>
    /// <param name="vocabularySize">Tokens in the vocabulary, when known: ids must lie below it.</param>
    /// <exception cref="GenerationOptionsException">An option is outside its range; names it.</exception>
    public void Validate(int vocabularySize = int.MaxValue)
    {
        Check(MaxNewTokens is null or > 0, nameof(MaxNewTokens), MaxNewTokens, "1 or more, or null for no limit");
        Check(Temperature == 0 || Temperature >= MinTemperature && float.IsFinite(Temperature), nameof(Temperature), Temperature, "0 (greedy) or a finite number from 1e-6");
        Check(TopK is null or > 0, nameof(TopK), TopK, "1 or more, or null to keep every token");
        Check(TopP is null or (> 0 and <= 1), nameof(TopP), TopP, "above 0 and at most 1, or null");
        Check(MinP is null or (>= 0 and <= 1), nameof(MinP), MinP, "between 0 and 1, or null");
        Check(RepetitionPenalty > 0 && float.IsFinite(RepetitionPenalty), nameof(RepetitionPenalty), RepetitionPenalty, "a finite number above 0; 1 changes nothing");
        Check(RepetitionWindow is null or > 0, nameof(RepetitionWindow), RepetitionWindow, "1 or more, or null for all tokens");
        Check(float.IsFinite(FrequencyPenalty), nameof(FrequencyPenalty), FrequencyPenalty, "a finite number; 0 changes nothing");
        Check(float.IsFinite(PresencePenalty), nameof(PresencePenalty), PresencePenalty, "a finite number; 0 changes nothing");
        Check(LogProbs is null or (>= 0 and <= MaxLogProbs), nameof(LogProbs), LogProbs, "between 0 and 1024, or null for none");
        Check(ExitConfidence is null or (>= 0 and <= 1), nameof(ExitConfidence), ExitConfidence, "between 0 and 1, or null");
        Check(TimeBetweenTokens is null || TimeBetweenTokens > TimeSpan.Zero, nameof(TimeBetweenTokens), TimeBetweenTokens, "a time above 0, or null");
        Check(StopTokens is not null, nameof(StopTokens), "null", "a collection, perhaps empty");
        Check(StopStrings is not null, nameof(StopStrings), "null", "a list, perhaps empty");
        foreach (string stop in StopStrings!) Check(!string.IsNullOrEmpty(stop), nameof(StopStrings), "an empty string", "strings of one character or more");
        foreach (int token in StopTokens!) CheckToken(token, vocabularySize, nameof(StopTokens));
        if (LogitBias is null) return;
        foreach ((int token, float bias) in LogitBias)
        {
            CheckToken(token, vocabularySize, nameof(LogitBias));
            Check(float.IsFinite(bias) || float.IsNegativeInfinity(bias), nameof(LogitBias), bias, "finite numbers, or negative infinity to forbid a token");
        }
    }

    private static void CheckToken(int token, int vocabularySize, string option)
    {
        if ((uint)token >= (uint)vocabularySize)
            throw new GenerationOptionsException(option, $"token id {token} is not in the vocabulary; ids run from 0 to {vocabularySize - 1}.");
    }

    private static void Check(bool holds, string option, object? given, string supported)
    {
        if (!holds) throw new GenerationOptionsException(option, FormattableString.Invariant($"{given} is not supported; give {supported}."));
    }
}
