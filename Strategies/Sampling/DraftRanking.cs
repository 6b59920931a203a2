namespace Switchyard.Strategies.Sampling;

/// <summary>Ranks a draft's guesses the way the target will choose: with the same options and the same noise.</summary>
/// <remarks>One thread at a time; nothing is allocated per call once the buffers fit.</remarks>
/// <param name="tokenCount">Tokens of the target's vocabulary that have a meaning.</param>
/// <param name="targetIds">The target's id of each of the draft's tokens, where the vocabularies are numbered differently; −1 has none.</param>
public sealed class DraftRanking(int tokenCount = int.MaxValue, ReadOnlyMemory<int> targetIds = default)
{
    private readonly SamplerWorkspace _workspace = new();
    private ScoredToken[] _ranking = [];

    /// <summary>Ranks guesses for the token at <paramref name="position"/>, best first, ties by lowest id.</summary>
    /// <param name="logits">The draft's logits, shape [draft vocabulary or more]; not changed.</param>
    /// <param name="state">The request's state, perhaps advanced along the path to this guess; not changed.</param>
    /// <param name="position">Index in the sequence of the guessed token.</param>
    /// <param name="candidates">Receives the ranking.</param>
    /// <returns>How many were written; 0 when a logit is not finite or no token is left, which ends this draft.</returns>
    public int Rank(ReadOnlySpan<float> logits, SamplerState state, int position, Span<DraftCandidate> candidates)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (targetIds.IsEmpty) logits = logits[..Math.Min(logits.Length, tokenCount)];
        float max = LogitScan.Max(logits, out bool finite);
        if (!finite || logits.IsEmpty || candidates.IsEmpty) return 0;
        if (!targetIds.IsEmpty) logits = ByTargetId(logits, out max);
        if (LogitShaper.Shapes(state)) logits = LogitShaper.Shape(logits, ref max, state, _workspace);
        if (!float.IsFinite(max)) return 0;

        float temperature = state.Options.Temperature;
        if (_ranking.Length < candidates.Length) _ranking = new ScoredToken[candidates.Length];
        Span<ScoredToken> ranking = _ranking.AsSpan(0, candidates.Length);
        int count = LogitScan.Top(logits, max, temperature, new NoiseKey(state.Seed, position), ranking);

        _workspace.Reserve(logits.Length);
        Span<float> weights = _workspace.Weights.AsSpan(0, logits.Length);
        LogitScan.Exponentials(logits, max, temperature == 0 ? 1 : 1 / temperature, weights);
        float total = LogitScan.Sum(weights);
        for (int i = 0; i < count; i++)
            candidates[i] = new(ranking[i].Token, weights[ranking[i].Token] / total, (float)ranking[i].Score);
        return count;
    }

    // Noise, penalties and bias are keyed by the target's ids, so the logits move there first.
    private ReadOnlySpan<float> ByTargetId(ReadOnlySpan<float> logits, out float max)
    {
        ReadOnlySpan<int> ids = targetIds.Span[..Math.Min(targetIds.Length, logits.Length)];
        int size = 0;
        foreach (int id in ids) if (id < tokenCount) size = Math.Max(size, id + 1);
        _workspace.Reserve(size);
        Span<float> moved = _workspace.Logits.AsSpan(0, size);
        moved.Fill(float.NegativeInfinity);
        max = float.NegativeInfinity;
        for (int i = 0; i < ids.Length; i++)
        {
            if ((uint)ids[i] >= (uint)size) continue;
            moved[ids[i]] = logits[i];
            max = Math.Max(max, logits[i]);
        }
        return moved;
    }
}
