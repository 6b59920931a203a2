using Switchyard.Tensor;

namespace Switchyard.Model;

/// <summary>A read-out of the residual stream after <paramref name="Depth"/> layers: a norm and a projection.</summary>
/// <param name="Depth">Layers run before it.</param>
/// <param name="Norm">Gain, [1, HiddenSize].</param>
/// <param name="Projection">[VocabSize, HiddenSize].</param>
public sealed record ExitHead(int Depth, Weight Norm, Weight Projection);
