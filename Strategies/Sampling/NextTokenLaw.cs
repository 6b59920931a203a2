namespace Switchyard.Strategies.Sampling;

/// <summary>The distribution of one next token as it is sampled: after penalties, bias, temperature and filters; at temperature 0 one token.</summary>
public sealed class NextTokenLaw
{
    private readonly SamplerWorkspace _workspace = new();
    private readonly int _tokenCount;
    private float[] _weights = []; // [tokens], summing to 1; unused when greedy
    private int _length, _token;

    /// <summary>Makes an empty one.</summary>
    /// <param name="tokenCount">Tokens that have a meaning; logits beyond are padding.</param>
    public NextTokenLaw(int tokenCount = int.MaxValue) => _tokenCount = tokenCount;

    /// <summary>Whether a distribution was taken.</summary>
    public bool IsTaken { get; private set; }

    /// <summary>Whether it is that of temperature 0.</summary>
    public bool IsGreedy { get; private set; }

    /// <summary>Forgets the distribution.</summary>
    public void Clear() => IsTaken = false;

    /// <summary>Takes the distribution after <paramref name="state"/>; none where a logit is not finite.</summary>
    /// <param name="logits">Shape [vocabulary or more]; not changed.</param>
    /// <param name="state">Options and what came before; not changed.</param>
    public void Take(ReadOnlySpan<float> logits, SamplerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        logits = logits[..Math.Min(logits.Length, _tokenCount)];
        float max = LogitScan.Max(logits, out bool finite), temperature = state.Options.Temperature;
        IsTaken = false;
        if (!finite || logits.IsEmpty) return;
        if (LogitShaper.Shapes(state)) logits = LogitShaper.Shape(logits, ref max, state, _workspace);
        if (!float.IsFinite(max)) return;
        (IsTaken, IsGreedy, _length) = (true, temperature == 0, logits.Length);
        if (IsGreedy)
        {
            _token = LogitScan.IndexOf(logits, max);
            return;
        }
        if (_weights.Length < logits.Length) _weights = new float[logits.Length];
        Span<float> weights = _weights.AsSpan(0, logits.Length);
        LogitScan.Exponentials(logits, max, 1 / temperature, weights);
        float total = LogitScan.Sum(weights);
        foreach (ref float weight in weights) weight /= total;
    }

    /// <summary>Total variation of two distributions, ½ Σ |p − q|, in [0, 1]: tokens that only one knows count as 0 in the other. NaN where they cannot be compared.</summary>
    public double DistanceTo(NextTokenLaw other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (!IsTaken || !other.IsTaken || IsGreedy != other.IsGreedy) return double.NaN;
        if (IsGreedy) return _token == other._token ? 0 : 1;
        int shared = Math.Min(_length, other._length);
        double sum = 0;
        for (int i = 0; i < shared; i++) sum += Math.Abs(_weights[i] - other._weights[i]);
        for (int i = shared; i < _length; i++) sum += _weights[i];
        for (int i = shared; i < other._length; i++) sum += other._weights[i];
        return Math.Min(1, sum / 2);
    }
}
