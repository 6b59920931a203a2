namespace Switchyard.Strategies.Serving;

/// <summary>What to decode and how.</summary>
/// <param name="Prompt">Token ids, beginning with the model's BOS where it has one.</param>
/// <param name="Options">How to choose tokens and when to stop.</param>
/// <param name="Strategy">One of the engine's strategies; null takes its first.</param>
public sealed record InferenceRequest(ReadOnlyMemory<int> Prompt, GenerationOptions Options, IDecodingStrategy? Strategy = null);
