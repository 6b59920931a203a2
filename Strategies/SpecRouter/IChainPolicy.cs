namespace Switchyard.Strategies.SpecRouter;

/// <summary>Chooses the chain. Tokens never depend on it, so it may change its mind between any two passes.</summary>
public interface IChainPolicy
{
    /// <summary>The chain of the next pass; asked before every pass, so the usual answer is the current one.</summary>
    /// <returns>A chain of usable levels whose top is the target.</returns>
    ChainPlan Next(in ChainView view);

    /// <summary>Told what a pass took, where every sequence of it only decoded.</summary>
    void ObservePass(int level, int batch, int context, double rows, double seconds)
    {
    }

    /// <summary>Told what became of a block of one level's tokens; see <see cref="SimilarityTracker.ObserveBlock"/>.</summary>
    void ObserveBlock(int drafter, int verifier, int tried, int kept)
    {
    }

    /// <summary>What a pass costs, in tokens that the chain in use makes in the same time; 0 where rows are free.</summary>
    double PassTokens(PassShape shape) => 0;

    /// <summary>Why the chain is what it is, in a few words; null where there is nothing to say.</summary>
    string? Explain() => null;

    /// <summary>Called between steps, when no rows are in flight: a moment to measure what is not known yet.</summary>
    void BetweenSteps()
    {
    }

    /// <summary>Measures what the choice rests on, for as long as it may; by default there is nothing to measure.</summary>
    /// <param name="budget">Time after which no further pass is begun.</param>
    void Calibrate(TimeSpan budget)
    {
    }

    /// <summary>Told how far two levels' distributions lie apart; see <see cref="SimilarityTracker.ObserveDistance"/>.</summary>
    void ObserveDistance(int one, int other, double distance, bool greedy)
    {
    }
}

/// <summary>A pass of one level.</summary>
/// <param name="Level">The level.</param>
/// <param name="Batch">Sequences that share it.</param>
/// <param name="Context">Tokens that each has cached.</param>
/// <param name="Rows">Rows of each.</param>
public readonly record struct PassShape(int Level, int Batch, int Context, int Rows);

/// <summary>What a policy is told of the moment.</summary>
/// <param name="current">The chain in use; none before the first.</param>
/// <param name="behind">Tokens that each level's caches lack, on average over the sequences, [levels].</param>
/// <param name="mostPending">Tokens that one pass of each level can check for every sequence, [levels].</param>
public readonly ref struct ChainView(ChainPlan current, ReadOnlySpan<int> behind, ReadOnlySpan<int> mostPending)
{
    /// <summary>The chain in use.</summary>
    public ChainPlan Current { get; } = current;

    /// <summary>Tokens that each level's caches lack, on average over the sequences, [levels].</summary>
    public ReadOnlySpan<int> Behind { get; } = behind;

    /// <summary>Tokens that one pass of each level can check for every sequence, [levels].</summary>
    public ReadOnlySpan<int> MostPending { get; } = mostPending;

    /// <summary>Levels that can be used now, as bits; the target is always among them.</summary>
    public uint Usable { get; init; }

    /// <summary>Levels that check tokens; the others only draft, as bits.</summary>
    public uint Verifying { get; init; }

    /// <summary>Sequences that decode.</summary>
    public int Batch { get; init; }

    /// <summary>Tokens cached, on average over the sequences.</summary>
    public int Context { get; init; }

    /// <summary>Passes of the target so far.</summary>
    public long Blocks { get; init; }

    /// <summary>The target.</summary>
    public int Target => Behind.Length - 1;
}
