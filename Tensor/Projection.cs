namespace Switchyard.Tensor;

/// <summary>One output of a matrix product: y = W·x + b.</summary>
/// <param name="Weight">W, shape [out, in].</param>
/// <param name="Output">y, shape [rows, at least out].</param>
/// <param name="Bias">b, shape [1, out], or null.</param>
public readonly record struct Projection(Weight Weight, Matrix Output, Weight? Bias = null);
