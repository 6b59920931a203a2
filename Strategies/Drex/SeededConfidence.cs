namespace Switchyard.Strategies.Drex;

/// <summary>
/// Exit decisions by chance at a fixed rate: confidences uniform in [0, 1), so that 1 − threshold of the rows leave at each exit.
/// They depend on seed, the request's seed, position and depth alone, so that every policy meets the same decisions.
/// </summary>
/// <param name="seed">Of the decisions.</param>
public sealed class SeededConfidence(ulong seed) : IConfidenceSource
{
    /// <inheritdoc/>
    public float Confidence(DecodingRequest request, int position, int depth, float measured)
    {
        ulong x = Mix(Mix(Mix(seed) ^ request.Seed) ^ ((ulong)(uint)position << 16 | (uint)depth));
        return (x >> 40) * (1f / (1 << 24));
    }

    private static ulong Mix(ulong x) // splitmix64
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
