using Switchyard.Model;
using Switchyard.Strategies.Cast;
using Switchyard.Strategies.Costs;

namespace Switchyard.Strategies.Speculation;

/// <summary>The speculative strategies that have names, put together with their usual numbers.</summary>
/// <remarks>
/// Runners are owned by what is made here. A target's arena should have rows for one more than the nodes of a tree, for
/// every request that decodes at once, and for a chunk of prompt; a draft's for twice a layer of every tree.
/// </remarks>
public static class SpeculativeStrategies
{
    /// <summary><c>chain</c>: a smaller model guesses a fixed number of tokens.</summary>
    public static SpeculativeStrategy Chain(ModelRunner target, ModelRunner draft, int length = 4, SpeculationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        return new("chain", target, ModelDraft(target, draft, length, options), FixedShaper.Chain(length), options);
    }

    /// <summary><c>tree</c>: a smaller model guesses a tree of fixed numbers (EAGLE-2's form, arXiv:2406.16858).</summary>
    public static SpeculativeStrategy Tree(
        ModelRunner target, ModelRunner draft, int depth = 5, int topK = 8, int nodes = 40, SpeculationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        return new("tree", target, ModelDraft(target, draft, depth * topK, options), new FixedShaper(depth, topK, nodes), options);
    }

    /// <summary><c>lookup</c>: the request's own n-grams guess.</summary>
    public static SpeculativeStrategy Lookup(ModelRunner target, int length = 8, SpeculationOptions? options = null) =>
        new("lookup", target, new LookupDrafter(), new FixedShaper(length, 2, length), options);

    /// <summary><c>self</c>: the target's own first layers guess.</summary>
    /// <param name="target">The target.</param>
    /// <param name="exit">Where drafts are read; null for the model's own head after half the layers.</param>
    /// <param name="length">Tokens guessed.</param>
    /// <param name="options">Null for the defaults.</param>
    public static SpeculativeStrategy Self(ModelRunner target, ExitHead? exit = null, int length = 3, SpeculationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        return new("self", target, SelfDraft(target, exit, options), FixedShaper.Chain(length), options);
    }

    /// <summary><c>self</c> with layers left out: the rest of the target guesses.</summary>
    /// <param name="target">The target.</param>
    /// <param name="layers">The layers that drafts run.</param>
    /// <param name="length">Tokens guessed.</param>
    /// <param name="options">Null for the defaults.</param>
    public static SpeculativeStrategy Skip(ModelRunner target, LayerMask layers, int length = 3, SpeculationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        return new("self", target, new LayerSkipDrafter(target, layers, TokensOf(target, options)), FixedShaper.Chain(length), options);
    }

    /// <summary><c>cast</c>: a smaller model guesses trees whose shape follows measured cost.</summary>
    /// <param name="target">The target.</param>
    /// <param name="draft">The smaller model.</param>
    /// <param name="cast">Limits and thresholds; null for the defaults.</param>
    /// <param name="store">Where measured costs are kept; null for nowhere.</param>
    /// <param name="options">Null for the defaults.</param>
    public static SpeculativeStrategy Cast(
        ModelRunner target, ModelRunner draft, CastOptions? cast = null, CostStore? store = null, SpeculationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(draft);
        options = Learning(options);
        cast ??= new CastOptions();
        var costs = new ModelPairCosts(
            new CostProfiler(target, store, options.Time, options.Profiling), target.Model.AllLayers,
            new CostProfiler(draft, store, options.Time, options.Profiling), draft.Model.AllLayers);
        return new("cast", target, ModelDraft(target, draft, cast.MaxNodes, options), new CastShaper(costs, cast), options);
    }

    /// <summary><c>cast:self</c>: the target's own first layers guess trees whose shape follows measured cost.</summary>
    public static SpeculativeStrategy CastSelf(
        ModelRunner target, ExitHead? exit = null, CastOptions? cast = null, CostStore? store = null, SpeculationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        options = Learning(options);
        SelfDrafter drafter = SelfDraft(target, exit, options);
        var profiler = new CostProfiler(target, store, options.Time, options.Profiling);
        var costs = new ModelPairCosts(profiler, target.Model.AllLayers, profiler, new LayerRange(0, drafter.SharedLayers));
        return new("cast", target, drafter, new CastShaper(costs, cast), options);
    }

    private static SpeculationOptions Learning(SpeculationOptions? options) =>
        (options ?? new()) with { Reliability = options?.Reliability ?? new Reliability() };

    private static ModelDrafter ModelDraft(ModelRunner target, ModelRunner draft, int slack, SpeculationOptions? options) =>
        new(draft, TokensOf(target, options), slack: slack, chunks: options?.PromptChunks);

    private static SelfDrafter SelfDraft(ModelRunner target, ExitHead? exit, SpeculationOptions? options) =>
        new(target, exit ?? target.Model.SharedExit(Math.Max(1, target.Model.Config.LayerCount / 2)), TokensOf(target, options));

    private static int TokensOf(ModelRunner target, SpeculationOptions? options) =>
        Math.Min(options?.TokenCount ?? int.MaxValue, target.Model.Config.VocabSize);
}
