using Switchyard.Strategies.Sampling;

namespace Switchyard.Strategies.Speculation;

/// <summary>The best few guesses at every place that a level chose a token for, in the order of its choices; wanted of the level below the target where the target checks a tree.</summary>
/// <param name="ranking">Ranks as the target will choose; shared.</param>
/// <param name="width">Guesses of one place.</param>
internal sealed class RankedChoices(DraftRanking ranking, int width)
{
    private DraftCandidate[] _candidates = new DraftCandidate[16 * width]; // [places, width]
    private int[] _counts = new int[16];

    /// <summary>Places.</summary>
    public int Count { get; private set; }

    /// <summary>Guesses for the place of the level's choice <paramref name="index"/>, best first: that choice is the first.</summary>
    public ReadOnlySpan<DraftCandidate> At(int index) => _candidates.AsSpan(index * width, _counts[index]);

    /// <summary>Forgets everything.</summary>
    public void Clear() => Count = 0;

    /// <summary>Ranks what may come at <see cref="SamplerState.Position"/>.</summary>
    public void Take(ReadOnlySpan<float> logits, SamplerState state)
    {
        if (Count == _counts.Length)
        {
            Array.Resize(ref _counts, 2 * Count);
            Array.Resize(ref _candidates, 2 * Count * width);
        }
        _counts[Count] = ranking.Rank(logits, state, state.Position, _candidates.AsSpan(Count * width, width));
        Count++;
    }
}
