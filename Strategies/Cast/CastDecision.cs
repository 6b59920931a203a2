namespace Switchyard.Strategies.Cast;

/// <summary>What CAST decided for one step.</summary>
/// <param name="Speculates">False while speculation pauses because it loses.</param>
/// <param name="Layers">Layers drafted.</param>
/// <param name="DraftRows">Nodes of a request that were expanded below the root.</param>
/// <param name="Nodes">Nodes of a request shown to the target, the most over the batch.</param>
/// <param name="Threshold">Tokens that the time of a target pass had to bring.</param>
public readonly record struct CastDecision(bool Speculates, int Layers, int DraftRows, int Nodes, double Threshold);
