namespace Switchyard.Strategies.Sampling;

/// <summary>Applies every transform that a state's options ask for, in the documented order.</summary>
internal static class LogitShaper
{
    /// <summary>Whether anything would change or be excluded.</summary>
    public static bool Shapes(SamplerState state) =>
        state.Counts is { Count: > 0 } || state.Bias.Length > 0
        || state.Options is { Temperature: > 0 } and ({ TopK: not null } or { TopP: not null } or { MinP: not null });

    /// <summary>A shaped copy of <paramref name="logits"/> in the workspace, and its new largest.</summary>
    public static ReadOnlySpan<float> Shape(ReadOnlySpan<float> logits, scoped ref float max, SamplerState state, SamplerWorkspace workspace)
    {
        workspace.Reserve(logits.Length);
        Span<float> shaped = workspace.Logits.AsSpan(0, logits.Length);
        if (!shaped.Overlaps(logits)) logits.CopyTo(shaped);
        ShapeInPlace(shaped, ref max, state, workspace);
        return shaped;
    }

    private static void ShapeInPlace(Span<float> logits, scoped ref float max, SamplerState state, SamplerWorkspace workspace)
    {
        GenerationOptions options = state.Options;
        if (state.Counts is { Count: > 0 } || state.Bias.Length > 0)
        {
            LogitTransforms.Penalize(logits, state);
            LogitTransforms.Bias(logits, state.Bias);
            max = LogitScan.Max(logits, out _);
        }
        if (options.Temperature == 0 || !float.IsFinite(max)) return; // greedy: the likeliest token always stays
        if (options.TopK is { } k) LogitTransforms.KeepTopK(logits, max, k, workspace);
        if (options.TopP is { } p) LogitTransforms.KeepTopP(logits, max, p, options.Temperature, workspace);
        if (options.MinP is { } minP) LogitTransforms.KeepMinP(logits, max, minP, options.Temperature);
    }
}
