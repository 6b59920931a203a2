namespace Switchyard.Strategies.SpecRouter;

/// <summary>Seconds of one pass of a model that checks pending tokens.</summary>
public interface IPassTime
{
    /// <summary>Seconds of a pass that checks <paramref name="pending"/> tokens and adds one of its own.</summary>
    double Seconds(int pending);
}

/// <summary>
/// A chain of models as a renewal process under independent acceptances: the mean time of a round of its last level, and how
/// many tokens a round emits. Exact where the closed form ignores that windows overshoot.
/// </summary>
/// <remarks>
/// <c>T_eff</c> of a chain [M_1 … M_N] is <see cref="SecondsPerToken"/> after <see cref="Draft"/> for M_1 and one
/// <see cref="Verify"/> for each later level. Staged chains use the levels' windows; a funnel, in which M_1 drafts once and each
/// level checks once, is a draft of several tokens and windows of 1. Buffers are reused.
/// </remarks>
public sealed class ChainRound
{
    private double[] _emits = new double[32]; // [tokens]: probability that a round emits so many
    private double[] _pending = [], _full = [];
    private int _longest;

    /// <summary>Mean seconds of a round.</summary>
    public double Seconds { get; private set; }

    /// <summary>Mean tokens of a round.</summary>
    public double Tokens { get; private set; }

    /// <summary>Seconds per token.</summary>
    public double SecondsPerToken => Seconds / Tokens;

    /// <summary>Probability of each number of tokens that a round may emit, from 0.</summary>
    public ReadOnlySpan<double> Emits => _emits.AsSpan(0, _longest + 1);

    /// <summary>The lowest level: every round drafts <paramref name="tokens"/> tokens, one pass each.</summary>
    public void Draft(double secondsPerToken, int tokens = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokens);
        Reserve(ref _emits, tokens + 1);
        _emits.AsSpan(0, tokens).Clear();
        _emits[tokens] = 1;
        (_longest, Seconds, Tokens) = (tokens, tokens * secondsPerToken, tokens);
    }

    /// <summary>The level above <paramref name="below"/>: rounds of the one below until enough is pending, then one pass that keeps a prefix and adds a token.</summary>
    /// <param name="below">Another instance.</param>
    /// <param name="acceptance">Chance that a pending token is kept where all before it were, in [0, 1].</param>
    /// <param name="window">Pending tokens that trigger the pass, at least 1.</param>
    /// <param name="time">Seconds of the pass.</param>
    public void Verify<TTime>(ChainRound below, double acceptance, int window, in TTime time)
        where TTime : struct, IPassTime
    {
        ArgumentNullException.ThrowIfNull(below);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(window);
        int longest = window - 1 + below._longest;
        double rounds = Fill(below, window, longest);

        Reserve(ref _emits, longest + 2);
        _emits.AsSpan(0, longest + 2).Clear();
        double seconds = rounds * below.Seconds, tokens = 0;
        for (int pending = window; pending <= longest; pending++)
        {
            double chance = _full[pending];
            if (chance == 0) continue;
            seconds += chance * time.Seconds(pending);
            double reached = chance; // that all tokens before were kept
            for (int kept = 0; kept < pending; kept++, reached *= acceptance)
            {
                _emits[kept + 1] += reached * (1 - acceptance);
                tokens += reached;
            }
            _emits[pending + 1] += reached;
            tokens += reached;
        }
        (_longest, Seconds, Tokens) = (longest + 1, seconds, tokens);
    }

    /// <summary>Sets _full[w], the chance that w tokens are pending when the window is reached; returns the mean number of rounds it takes.</summary>
    private double Fill(ChainRound below, int window, int longest)
    {
        Reserve(ref _pending, window);
        Reserve(ref _full, longest + 1);
        _pending.AsSpan(0, window).Clear();
        _full.AsSpan(0, longest + 1).Clear();
        _pending[0] = 1;
        double rounds = 0;
        for (int before = 0; before < window; before++) // a round emits at least one token, so one sweep upwards visits each state once
        {
            double chance = _pending[before];
            if (chance == 0) continue;
            rounds += chance;
            for (int emitted = 1; emitted <= below._longest; emitted++)
            {
                int after = before + emitted;
                (after < window ? _pending : _full)[after] += chance * below._emits[emitted];
            }
        }
        return rounds;
    }

    private static void Reserve(ref double[] buffer, int size)
    {
        if (buffer.Length < size) buffer = new double[Math.Max(size, 2 * buffer.Length)];
    }
}
