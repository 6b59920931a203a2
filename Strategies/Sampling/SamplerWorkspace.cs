namespace Switchyard.Strategies.Sampling;

/// <summary>Buffers that shaping logits needs; they grow to the vocabulary once.</summary>
internal sealed class SamplerWorkspace
{
    /// <summary>Shaped logits, shape [tokens].</summary>
    public float[] Logits { get; private set; } = [];

    /// <summary>Exponentials, shape [tokens].</summary>
    public float[] Weights { get; private set; } = [];

    /// <summary>Sort keys, shape [tokens].</summary>
    public ulong[] Keys { get; private set; } = [];

    /// <summary>A histogram over gaps to the largest logit.</summary>
    public long[] Buckets { get; } = new long[PrefixCut.Buckets];

    /// <summary>Makes room for <paramref name="tokens"/> tokens.</summary>
    public void Reserve(int tokens)
    {
        if (Logits.Length >= tokens) return;
        (Logits, Weights, Keys) = (new float[tokens], new float[tokens], new ulong[tokens]);
    }
}
