namespace Switchyard.Strategies;

/// <summary>A chosen token, with log-probabilities where <see cref="GenerationOptions.LogProbs"/> asked for them.</summary>
/// <param name="Token">Token id.</param>
/// <param name="LogProbability">Its ln p under the model's own distribution; null when not asked for.</param>
/// <param name="Top">The likeliest tokens, likeliest first, ties by lowest id; null when not asked for.</param>
public readonly record struct TokenChoice(int Token, float? LogProbability = null, IReadOnlyList<TokenLogProbability>? Top = null);
