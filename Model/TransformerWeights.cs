using Switchyard.Tensor;

namespace Switchyard.Model;

/// <summary>The weights of one model, already on a backend. Owned by the <see cref="TransformerModel"/> made of them.</summary>
/// <param name="Embedding">Token table, [VocabSize, HiddenSize].</param>
/// <param name="Blocks">One entry a layer.</param>
/// <param name="Norm">The final norm's gain, [1, HiddenSize].</param>
/// <param name="Head">The output projection, [VocabSize, HiddenSize]; the same object as <paramref name="Embedding"/> when tied.</param>
public sealed record TransformerWeights(Weight Embedding, IReadOnlyList<BlockWeights> Blocks, Weight Norm, Weight Head)
{
    /// <summary>Bytes in the backend's memory.</summary>
    public long ByteCount
    {
        get
        {
            long sum = 0;
            foreach (Weight weight in All()) sum += weight.ByteCount;
            return sum;
        }
    }

    /// <summary>Every weight once.</summary>
    public IEnumerable<Weight> All()
    {
        yield return Embedding;
        foreach (BlockWeights block in Blocks)
            foreach (Weight weight in block.All()) yield return weight;
        yield return Norm;
        if (!ReferenceEquals(Head, Embedding)) yield return Head;
    }
}
