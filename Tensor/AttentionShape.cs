namespace Switchyard.Tensor;

/// <summary>What attention needs to know of a layer.</summary>
/// <param name="Heads">Query heads; a multiple of <paramref name="KvHeads"/>.</param>
/// <param name="KvHeads">Key and value heads.</param>
/// <param name="HeadDim">Elements of a head.</param>
/// <param name="Scale">Factor on the scores, usually 1/√HeadDim.</param>
/// <param name="Window">Positions a row sees, itself included; 0 for all (Mistral's sliding window counts positions, not slots).</param>
public readonly record struct AttentionShape(int Heads, int KvHeads, int HeadDim, float Scale, int Window = 0);
