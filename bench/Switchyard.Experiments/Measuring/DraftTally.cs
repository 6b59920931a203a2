using Switchyard.Strategies.Speculation;

namespace Switchyard.Experiments.Measuring;

/// <summary>Counts what became of a strategy's drafts.</summary>
internal sealed class DraftTally
{
    private long _steps, _drafted, _accepted, _decided;

    public DraftTally(SpeculativeStrategy strategy) => strategy.OnVerified += session =>
    {
        int accepted = session.Accepted.Length;
        (_steps, _drafted, _accepted) = (_steps + 1, _drafted + session.Walk.Shown, _accepted + accepted);
        _decided += accepted + (accepted < session.Walk.Shown ? 1 : 0); // and the guess it broke off at
    };

    /// <summary>Tokens of a step that checked drafts, the model's own included.</summary>
    public double TokensPerStep => _steps == 0 ? 1 : 1 + (double)_accepted / _steps;

    /// <summary>Nodes shown to the target in such a step.</summary>
    public double NodesPerStep => _steps == 0 ? 0 : (double)_drafted / _steps;

    /// <summary>Of a chain: the part of its guesses that were right, among those that the target's choice decided.</summary>
    public double Acceptance => _decided == 0 ? 0 : (double)_accepted / _decided;

    /// <summary>Forgets what was counted.</summary>
    public void Clear() => (_steps, _drafted, _accepted, _decided) = (0, 0, 0, 0);
}
