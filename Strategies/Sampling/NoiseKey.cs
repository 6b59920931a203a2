namespace Switchyard.Strategies.Sampling;

/// <summary>Seed and position, mixed into the four words that key the hash of a token.</summary>
internal readonly struct NoiseKey
{
    public readonly uint A, B, C, D;

    public NoiseKey(ulong seed, int position)
    {
        ulong first = Mix(Mix(seed + 0x9E3779B97F4A7C15) ^ (uint)position), second = Mix(first + 0x9E3779B97F4A7C15);
        (A, B, C, D) = ((uint)first, (uint)(first >> 32), (uint)second, (uint)(second >> 32));
    }

    // SplitMix64's finaliser.
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
