namespace Switchyard.Strategies.SpecRouter;

/// <summary>One answer of a policy that differed from the one before.</summary>
/// <param name="Call">How many times the policy had been asked before.</param>
/// <param name="Plan">The answer from there on.</param>
public readonly record struct ChainDecision(long Call, ChainPlan Plan);

/// <summary>Writes down what a policy decides, so that a run can be repeated exactly where decisions came from measured time.</summary>
/// <param name="policy">Who decides.</param>
public sealed class ChainRecorder(IChainPolicy policy) : IChainPolicy
{
    private readonly List<ChainDecision> _decisions = [];
    private long _calls;

    /// <summary>Every change of the chain, in order.</summary>
    public IReadOnlyList<ChainDecision> Decisions => _decisions;

    /// <inheritdoc/>
    public ChainPlan Next(in ChainView view)
    {
        ChainPlan plan = policy.Next(view);
        if (_decisions.Count == 0 || _decisions[^1].Plan != plan) _decisions.Add(new(_calls, plan));
        _calls++;
        return plan;
    }

    /// <inheritdoc/>
    public double PassTokens(PassShape shape) => policy.PassTokens(shape);

    /// <inheritdoc/>
    public string? Explain() => policy.Explain();

    /// <inheritdoc/>
    public void ObservePass(int level, int batch, int context, double rows, double seconds) => policy.ObservePass(level, batch, context, rows, seconds);

    /// <inheritdoc/>
    public void ObserveBlock(int drafter, int verifier, int tried, int kept) => policy.ObserveBlock(drafter, verifier, tried, kept);

    /// <inheritdoc/>
    public void ObserveDistance(int one, int other, double distance, bool greedy) => policy.ObserveDistance(one, other, distance, greedy);
}

/// <summary>Repeats recorded decisions; one decision at call 0 is a fixed chain.</summary>
/// <param name="decisions">In order, the first at call 0.</param>
public sealed class RecordedChains(params IReadOnlyList<ChainDecision> decisions) : IChainPolicy
{
    private readonly IReadOnlyList<ChainDecision> _decisions = decisions.Count > 0 && decisions[0].Call == 0
        ? decisions
        : throw new ArgumentException("Recorded chains begin with a decision at call 0.", nameof(decisions));
    private long _calls;
    private int _at;

    /// <summary>A chain that never changes.</summary>
    public static RecordedChains Fixed(ChainPlan plan) => new(new ChainDecision(0, plan));

    /// <inheritdoc/>
    public ChainPlan Next(in ChainView view)
    {
        while (_at + 1 < _decisions.Count && _decisions[_at + 1].Call <= _calls) _at++;
        _calls++;
        return _decisions[_at].Plan;
    }
}
