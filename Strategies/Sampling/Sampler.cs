using Switchyard.Tensor;

namespace Switchyard.Strategies.Sampling;

/// <summary>Chooses tokens: a pure function of logits and <see cref="SamplerState"/>, with buffers of its own.</summary>
/// <remarks>
/// Gumbel-max with counter-based noise: the noise of a token at a position depends on (seed, position, token) alone, so a
/// draft and the target share their randomness and speculation returns the very tokens that plain decoding would
/// (arXiv:2408.07978). One thread at a time; nothing is allocated per token once the buffers fit, except reported
/// log-probabilities.
/// </remarks>
/// <param name="tokenCount">Tokens that have a meaning: logits beyond are padding and are never chosen.</param>
public sealed class Sampler(int tokenCount = int.MaxValue)
{
    private readonly SamplerWorkspace _workspace = new();

    /// <summary>Chooses the token at <see cref="SamplerState.Position"/>; the state does not change.</summary>
    /// <param name="logits">The target's logits, shape [vocabulary or more]; not changed.</param>
    /// <param name="state">Options, seed, position and the tokens before.</param>
    /// <exception cref="LogitsException">A logit is not finite, or bias and penalties leave no token.</exception>
    public TokenChoice Choose(ReadOnlySpan<float> logits, SamplerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        logits = logits[..Math.Min(logits.Length, tokenCount)];
        float max = LogitScan.Max(logits, out bool finite);
        if (!finite || logits.IsEmpty) throw NotFinite(logits, state.Position);

        int token = ChooseToken(logits, max, state);
        return state.Options.LogProbs is { } count ? WithLogProbabilities(logits, max, token, count) : new TokenChoice(token);
    }

    private int ChooseToken(ReadOnlySpan<float> logits, float max, SamplerState state)
    {
        GenerationOptions options = state.Options;
        if (LogitShaper.Shapes(state))
        {
            logits = LogitShaper.Shape(logits, ref max, state, _workspace);
            if (!float.IsFinite(max))
                throw new LogitsException(FormattableString.Invariant(
                    $"Position {state.Position}: after penalties and logit bias the largest logit is {max}; leave at least one token with a finite logit."));
        }
        if (options.Temperature == 0) return LogitScan.IndexOf(logits, max);
        ScoredToken best = default;
        LogitScan.Top(logits, max, options.Temperature, new NoiseKey(state.Seed, state.Position), new Span<ScoredToken>(ref best));
        return best.Token;
    }

    private TokenChoice WithLogProbabilities(ReadOnlySpan<float> logits, float max, int token, int count)
    {
        _workspace.Reserve(logits.Length);
        Span<float> weights = _workspace.Weights.AsSpan(0, logits.Length);
        LogitScan.Exponentials(logits, max, 1, weights);
        double logTotal = CanonicalMath.Log(LogitScan.Sum(weights));
        var ranking = new ScoredToken[Math.Min(count, logits.Length)];
        var top = new TokenLogProbability[ranking.Length];
        if (count > 0) LogitScan.Top(logits, max, 0, default, ranking);
        for (int i = 0; i < top.Length; i++) top[i] = new(ranking[i].Token, (float)(ranking[i].Score - logTotal));
        return new TokenChoice(token, (float)((double)logits[token] - max - logTotal), top);
    }

    private static LogitsException NotFinite(ReadOnlySpan<float> logits, int position)
    {
        for (int i = 0; i < logits.Length; i++)
            if (!float.IsFinite(logits[i]))
                return new(FormattableString.Invariant(
                    $"Position {position}: the target's logit of token {i} is {logits[i]}. Logits must be finite: check the model's weights, or a rope or norm setting of its configuration."));
        return new(FormattableString.Invariant($"Position {position}: there are no logits to choose from."));
    }
}
