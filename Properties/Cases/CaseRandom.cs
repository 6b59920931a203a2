namespace Switchyard.Properties;

/// <summary>Numbers that depend on a seed alone, the same on every machine and version (SplitMix64).</summary>
internal sealed class CaseRandom(ulong seed)
{
    private ulong _state = seed;

    public CaseRandom(int seed)
        : this((ulong)(uint)seed)
    {
    }

    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 … <paramref name="limit"/> − 1.</summary>
    public int Below(int limit) => (int)(Next() % (ulong)limit);

    /// <summary>Nearly normal, mean 0, standard deviation 1: the sum of four uniforms.</summary>
    public float Normal()
    {
        double sum = -2;
        for (int i = 0; i < 4; i++) sum += (Next() >> 11) * (1.0 / (1UL << 53));
        return (float)(sum * 1.7320508075688772);
    }

    public float[] Normals(int count, float scale = 1)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = Normal() * scale;
        return values;
    }

    public int[] Shuffled(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        for (int i = count - 1; i > 0; i--)
        {
            int j = Below(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }
}
