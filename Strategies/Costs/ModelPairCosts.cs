using Switchyard.Model;

namespace Switchyard.Strategies.Costs;

/// <summary>The measured costs of two models, as a strategy with a draft asks for them.</summary>
/// <param name="target">The target's costs.</param>
/// <param name="targetLayers">All of the target's layers.</param>
/// <param name="draft">The draft's costs; the target's own where its first layers draft. Null for drafts that cost nothing.</param>
/// <param name="draftLayers">The layers that draft.</param>
public sealed class ModelPairCosts(IPassCosts target, LayerRange targetLayers, IPassCosts? draft, LayerRange draftLayers) : ICostModel
{
    /// <inheritdoc/>
    public double TargetSeconds(int batch, int context, int rows) => target.Seconds(targetLayers, batch, context, rows);

    /// <inheritdoc/>
    public double DraftSeconds(int batch, int context, int rows) => draft?.Seconds(draftLayers, batch, context, rows) ?? 0;

    /// <inheritdoc/>
    public double? MeasuredPlainSeconds(int context) => target.MeasuredSeconds(targetLayers, context);

    /// <inheritdoc/>
    public void ObserveTarget(int batch, int context, int rows, double seconds) => target.Observe(targetLayers, batch, context, rows, seconds);

    /// <inheritdoc/>
    public void ObserveDraft(int batch, int context, int rows, double seconds) => draft?.Observe(draftLayers, batch, context, rows, seconds);

    /// <inheritdoc/>
    public void BetweenSteps()
    {
        target.BetweenSteps();
        if (!ReferenceEquals(draft, target)) draft?.BetweenSteps();
    }

    /// <inheritdoc/>
    public void Calibrate(TimeSpan budget)
    {
        draft?.Calibrate(draftLayers, budget / 4);
        target.Calibrate(targetLayers, budget * 0.75);
    }
}
