namespace Switchyard.Strategies.Cast;

/// <summary>The last observed ratios of one layer's utility to the layer above: the paper's A_i. Its mean predicts the next layer.</summary>
/// <param name="length">Ratios remembered: R of the paper.</param>
public sealed class DecayWindow(int length)
{
    private readonly double[] _ratios = new double[length];
    private int _next;

    /// <summary>Ratios remembered now.</summary>
    public int Count { get; private set; }

    /// <summary>Their mean; 1 before the first, so that the first steps are tried.</summary>
    public double Mean { get; private set; } = 1;

    /// <summary>Remembers a ratio and forgets the oldest.</summary>
    /// <param name="ratio">Positive; others are not remembered.</param>
    public void Push(double ratio)
    {
        if (!(ratio > 0) || double.IsInfinity(ratio)) return;
        _ratios[_next] = ratio;
        _next = (_next + 1) % _ratios.Length;
        Count = Math.Min(Count + 1, _ratios.Length);
        double sum = 0;
        for (int i = 0; i < Count; i++) sum += _ratios[i];
        Mean = sum / Count;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => (Count, _next, Mean) = (0, 0, 1);
}
