namespace Switchyard.Strategies.Speculation;

/// <summary>What a speculative step took.</summary>
/// <param name="layerSeconds">One entry a call of the drafter, the first at index 0: it also carries what drafts had to catch up with.</param>
/// <param name="verifySeconds">The target's pass, choosing and committing included.</param>
/// <param name="stepSeconds">The whole step.</param>
public readonly ref struct StepTimes(ReadOnlySpan<double> layerSeconds, double verifySeconds, double stepSeconds)
{
    /// <summary>Seconds of each call of the drafter in this step, from the root's on.</summary>
    public ReadOnlySpan<double> LayerSeconds { get; } = layerSeconds;

    /// <summary>Seconds of the target's pass, choosing and committing included.</summary>
    public double VerifySeconds { get; } = verifySeconds;

    /// <summary>Seconds of the whole step.</summary>
    public double StepSeconds { get; } = stepSeconds;

    /// <summary>Rows of prompts that shared the target's pass.</summary>
    public int PromptRows { get; init; }

    /// <summary>Tokens emitted by the requests that decode.</summary>
    public int Emitted { get; init; }
}
