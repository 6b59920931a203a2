namespace Switchyard.Strategies.Sampling;

/// <summary>A guess at the next token.</summary>
/// <param name="Token">Id in the target's vocabulary.</param>
/// <param name="Probability">The draft's probability of it, after the request's options; at temperature 0 that of the plain softmax.</param>
/// <param name="Score">(logit − largest logit) / temperature + noise; without temperature and noise at 0. Only differences mean something.</param>
public readonly record struct DraftCandidate(int Token, float Probability, float Score);
