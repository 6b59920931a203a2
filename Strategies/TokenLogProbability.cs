namespace Switchyard.Strategies;

/// <summary>A token and its natural log-probability under the model's own distribution.</summary>
/// <param name="Token">Token id.</param>
/// <param name="LogProbability">ln p, at most 0.</param>
public readonly record struct TokenLogProbability(int Token, float LogProbability);
