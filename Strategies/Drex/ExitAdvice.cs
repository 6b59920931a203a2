namespace Switchyard.Strategies.Drex;

/// <summary>How well one depth speaks for the whole model on a text.</summary>
/// <param name="Depth">Layers run.</param>
/// <param name="Agreement">Part of the positions at which its likeliest token is the full model's.</param>
/// <param name="StableHere">Part of the positions whose choice is the full model's from this depth on, and not before.</param>
/// <param name="MeanConfidence">Mean of top-1 minus top-2 probability.</param>
public readonly record struct ExitDepthReport(int Depth, double Agreement, double StableHere, double MeanConfidence);

/// <summary>What a threshold at the exits in question would do on a text, with every earlier row complete.</summary>
/// <param name="Confidence">The threshold.</param>
/// <param name="ExitRate">Part of the positions that leave early.</param>
/// <param name="Agreement">Part of the positions whose token is the full model's, those that do not leave included.</param>
/// <param name="MeanLayers">Mean layers run.</param>
/// <param name="Speedup">Weights read by plain decoding over weights read with exits, one row at a time: what exits can give at most.</param>
public readonly record struct ExitThresholdReport(double Confidence, double ExitRate, double Agreement, double MeanLayers, double Speedup);

/// <summary>Whether early exit suits a model on a text, and with which threshold.</summary>
/// <param name="Positions">Positions looked at.</param>
/// <param name="LayerCount">Layers of the model.</param>
/// <param name="Exits">Depths the thresholds were tried at.</param>
/// <param name="Depths">Every depth looked at, shallowest first.</param>
/// <param name="Thresholds">Every threshold tried, lowest first.</param>
/// <param name="Wanted">The agreement that was asked for.</param>
public sealed record ExitAdvice(
    int Positions, int LayerCount, IReadOnlyList<int> Exits, IReadOnlyList<ExitDepthReport> Depths, IReadOnlyList<ExitThresholdReport> Thresholds, double Wanted)
{
    /// <summary>The least gain in time for which early exit is recommended.</summary>
    public const double WorthwhileSpeedup = 1.05;

    /// <summary>The lowest threshold that agrees often enough; null when none does.</summary>
    public ExitThresholdReport? Recommended
    {
        get
        {
            foreach (ExitThresholdReport threshold in Thresholds) if (threshold.Agreement >= Wanted) return threshold;
            return null;
        }
    }

    /// <summary>Whether the recommended threshold saves enough to be worth its approximations.</summary>
    public bool IsWorthwhile => Recommended is { Speedup: >= WorthwhileSpeedup };

    /// <summary>Mean over positions of the depth from which the choice stays the full model's.</summary>
    public double MeanStableDepth
    {
        get
        {
            double sum = 0, before = 0;
            foreach (ExitDepthReport depth in Depths) (sum, before) = (sum + (depth.StableHere * depth.Depth), before + depth.StableHere);
            return sum + ((1 - before) * LayerCount);
        }
    }

    /// <summary>The depth by which half of the positions have the choice that stays the full model's.</summary>
    public int MedianStableDepth
    {
        get
        {
            double sum = 0;
            foreach (ExitDepthReport depth in Depths)
                if ((sum += depth.StableHere) >= 0.5 - 1e-9) return depth.Depth;
            return LayerCount;
        }
    }

    /// <summary>One or two sentences for people.</summary>
    public override string ToString()
    {
        string stable = FormattableString.Invariant($"The choice is stable from layer {MedianStableDepth} of {LayerCount} at half of the positions, {MeanStableDepth:0.0} on average.");
        if (Recommended is not { } best)
            return FormattableString.Invariant($"{stable} No threshold at exits {string.Join('+', Exits)} agrees with full depth on {Wanted:P0} of the positions: early exit does not suit this model on this text.");
        string rate = FormattableString.Invariant($"confidence={best.Confidence:0.00} lets {best.ExitRate:P0} of the tokens leave early and agrees with full depth on {best.Agreement:P1}");
        return IsWorthwhile
            ? FormattableString.Invariant($"{stable} {rate}; at most {best.Speedup:0.00} times as fast.")
            : FormattableString.Invariant($"{stable} {rate}, but saves too little ({best.Speedup:0.00} times): early exit is not worth it here.");
    }
}
