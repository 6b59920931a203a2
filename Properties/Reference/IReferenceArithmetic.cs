using Switchyard.Tensor;

namespace Switchyard.Properties.Reference;

/// <summary>The sums behind <see cref="ReferenceBackend"/>, one row at a time: canonical to the bit, or in double precision.</summary>
internal interface IReferenceArithmetic
{
    /// <summary>y = gain ⊙ x / √(mean(x²) + eps), all three of one length. <paramref name="y"/> may be <paramref name="x"/>.</summary>
    void Normalise(ReadOnlySpan<float> x, ReadOnlySpan<float> gain, float eps, Span<float> y);

    /// <summary>y = W·x, shapes [OutDim] and [InDim].</summary>
    void Multiply(ReferenceWeight weight, ReadOnlySpan<float> x, Span<float> y);

    /// <summary>Turns the pairs (head[i], head[i + n]) by n angles, in place; <paramref name="head"/> is [2n].</summary>
    void Rotate(Span<float> head, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines);

    /// <summary>y = softmax(scale · q·Kᵀ)·V for one head; <paramref name="visible"/> is in ascending position.</summary>
    void Attend(ReadOnlySpan<float> q, IReadOnlyList<VisibleSlot> visible, float scale, Span<float> y);

    /// <summary>silu(gate) · up.</summary>
    float SwiGlu(float gate, float up);

    /// <summary>log Σ exp(x).</summary>
    float LogSumExp(ReadOnlySpan<float> x);
}

/// <summary>What one query head sees of one slot.</summary>
/// <param name="Position">Absolute position in the sequence.</param>
/// <param name="Key">Shape [HeadDim].</param>
/// <param name="Value">Shape [HeadDim].</param>
internal readonly record struct VisibleSlot(int Position, float[] Key, float[] Value);
