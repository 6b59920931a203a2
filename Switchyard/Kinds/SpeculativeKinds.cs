using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Cast;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Speculation;

namespace Switchyard.Kinds;

/// <summary>The strategies that guess tokens and check them in one pass; all lossless.</summary>
internal static class SpeculativeKinds
{
    private const int MostNodes = 256, MostDepth = 64;

    public static StrategyKind[] All { get; } =
    [
        new("lookup", "lookup:length=8", "Guesses that the text repeats itself: n-grams of the request's own tokens, no draft model.", DecodingGuarantee.Lossless, Lookup),
        new("chain", "chain:draft=PATH,length=4", "A smaller model guesses a chain of tokens.", DecodingGuarantee.Lossless, Chain),
        new("tree", "tree:draft=PATH,depth=5,topk=8,nodes=40", "A smaller model guesses a tree of fixed size.", DecodingGuarantee.Lossless, Tree),
        new("self", "self:exit=4,length=3", "The model's own first layers guess.", DecodingGuarantee.Lossless, Self),
        new("cast", "cast:draft=PATH", "A smaller model, or with cast:self the model's own first layers, guesses trees whose shape follows measured cost.", DecodingGuarantee.Lossless, Cast),
    ];

    private static SpeculativeStrategy Lookup(StrategySpec spec, StrategyContext context)
    {
        spec.AllowOnly("length");
        int length = spec.Int("length", 8, 1, MostDepth);
        return SpeculativeStrategies.Lookup(context.NewTargetRunner(length + 1), length, Options(context));
    }

    private static SpeculativeStrategy Chain(StrategySpec spec, StrategyContext context)
    {
        spec.AllowOnly("draft", "length");
        int length = spec.Int("length", 4, 1, MostDepth);
        ModelRunner draft = Draft(spec, context, 2);
        return SpeculativeStrategies.Chain(context.NewTargetRunner(length + 1), draft, length, Options(context));
    }

    private static SpeculativeStrategy Tree(StrategySpec spec, StrategyContext context)
    {
        spec.AllowOnly("draft", "depth", "topk", "nodes");
        int depth = spec.Int("depth", 5, 1, MostDepth), topK = spec.Int("topk", 8, 1, 64), nodes = spec.Int("nodes", 40, 1, MostNodes);
        ModelRunner draft = Draft(spec, context, (depth + 1) * topK);
        return SpeculativeStrategies.Tree(context.NewTargetRunner(nodes + 1), draft, depth, topK, nodes, Options(context));
    }

    private static SpeculativeStrategy Self(StrategySpec spec, StrategyContext context)
    {
        spec.AllowOnly("exit", "length");
        int length = spec.Int("length", 3, 1, MostDepth);
        return SpeculativeStrategies.Self(context.NewTargetRunner(length + 1), Exit(spec, context), length, Options(context));
    }

    private static SpeculativeStrategy Cast(StrategySpec spec, StrategyContext context)
    {
        spec.AllowOnly("draft", "self", "exit", "depth", "breadth", "nodes", "c1", "c2", "c3", "per-request");
        var standard = new CastOptions();
        var cast = new CastOptions
        {
            MaxDepth = spec.Int("depth", standard.MaxDepth, 1, MostDepth), MaxBreadth = spec.Int("breadth", standard.MaxBreadth, 1, 64),
            MaxNodes = spec.Int("nodes", standard.MaxNodes, 1, MostNodes), BreadthThreshold = Threshold(spec, "c1"), DepthThreshold = Threshold(spec, "c2"),
            VerifyThreshold = Threshold(spec, "c3"), PerRequest = spec.Flag("per-request"),
        };
        CostStore? store = CostStore.OfThisMachine();
        if (!spec.Flag("self"))
        {
            ModelRunner draft = Draft(spec, context, (cast.MaxDepth + 1) * cast.MaxBreadth);
            return SpeculativeStrategies.Cast(context.NewTargetRunner(cast.MaxNodes + 1), draft, cast, store, Options(context));
        }
        if (spec.Has("draft")) throw new StrategySpecException("Strategy 'cast' takes draft=PATH or self, not both.");
        return SpeculativeStrategies.CastSelf(context.NewTargetRunner(cast.MaxNodes + 1 + (cast.MaxDepth + 1) * cast.MaxBreadth), Exit(spec, context), cast, store, Options(context));
    }

    private static ModelRunner Draft(StrategySpec spec, StrategyContext context, int rowsPerRequest)
    {
        string path = spec.Required("draft", "the path of a smaller model with the same vocabulary");
        return context.NewRunner(context.OpenDraft(path).Model, rowsPerRequest);
    }

    private static ExitHead? Exit(StrategySpec spec, StrategyContext context) => spec.Has("exit")
        ? context.Target.SharedExit(spec.Int("exit", 1, 1, Math.Max(1, context.Target.Config.LayerCount - 1)))
        : null;

    private static double? Threshold(StrategySpec spec, string key) => spec.Has(key) ? spec.Number(key, 1, 0, 1000) : null;

    private static SpeculationOptions Options(StrategyContext context) => new()
    {
        Time = context.Options.Time, MeasuresPlain = !context.TakesTurns,
        Profiling = context.TakesTurns ? new CostProfilerOptions { TimeShare = 0 } : null, // measured beforehand: whoever gives the turns pays for every step
    };
}
