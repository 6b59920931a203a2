using System.Globalization;
using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.SpecRouter;
using Switchyard.Strategies.Speculation;
using Switchyard.Tensor;

namespace Switchyard.Kinds;

/// <summary>SpecRouter by name: chains of smaller models, chosen while decoding.</summary>
internal static class SpecRouterKind
{
    private const string Usage = "specrouter:models=A+B,window=12,interval=16,explore=0.02,tree=cast";
    private const string Levels = "paths of smaller models with the same vocabulary, lookup, skip, self@LAYERS or target@q8_0|q4_0, separated by +; the model itself is not one of them";
    private const int MostWindow = 64, Branches = 8; // alternatives of a tree: each is a row more for the model

    private static readonly int[] Windows = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

    public static StrategyKind Kind { get; } = new(
        "specrouter", Usage, "A ladder of smaller models, chained as measured cost and acceptance say; each corrects what it is handed.", DecodingGuarantee.Lossless, Create);

    private static SpecRouterStrategy Create(StrategySpec spec, StrategyContext context)
    {
        spec.AllowOnly("models", "window", "interval", "explore", "tree");
        int window = spec.Int("window", 12, 1, MostWindow);
        var planning = new ChainPlannerOptions
        {
            Windows = [.. Windows.Where(w => w < window), window],
            Interval = spec.Int("interval", 16, 1, 100_000),
            Exploration = spec.Number("explore", 0.02, 0, 1),
        };
        string[] names = Names(spec);
        int branches = spec.Text("tree") switch
        {
            null => 0,
            "cast" => Branches,
            { } other => throw new StrategySpecException($"Strategy 'specrouter': tree={other} is not supported; give tree=cast, or leave it out for chains."),
        };
        var ladder = new List<Rung>();
        try
        {
            foreach (string name in names) ladder.Add(Open(name, context, RowsOf(window)));
            ladder.Sort((one, other) => one.Seconds(1, 1).CompareTo(other.Seconds(1, 1))); // smaller passes further down
            ladder.Add(TargetRung(context, RowsOf(window) + branches, branches));
        }
        catch
        {
            foreach (Rung rung in ladder) rung.Level.Dispose();
            throw;
        }
        CostStore? store = CostStore.OfThisMachine();
        CostProfilerOptions? profiling = context.TakesTurns ? new CostProfilerOptions { TimeShare = 0 } : null; // measured beforehand: whoever gives the turns pays for every step
        var costs = new LevelCosts([.. ladder.Select(rung => rung.Profile(store, context.Options.Time, profiling))]);
        var planner = new ChainPlanner(new SimilarityTracker(ladder.Count), costs, planning);
        var options = new SpecRouterOptions { TokenCount = context.Target.Config.VocabSize, MaxBranches = branches, MeasuresPlain = !context.TakesTurns, Time = context.Options.Time };
        return new SpecRouterStrategy([.. ladder.Select(rung => rung.Level)], planner, options);
    }

    /// <summary>A window and what it may overshoot by, and the token before it.</summary>
    private static int RowsOf(int window) => 2 * window + 2;

    private static string[] Names(StrategySpec spec)
    {
        spec.Required("models", Levels);
        string[] names = [.. spec.List("models").Select(name => name.Trim())];
        if (Array.Exists(names, name => name.Length == 0)) throw new StrategySpecException($"Strategy 'specrouter': models={spec.Text("models")} has an empty name; give {Levels}.");
        if (names.Distinct().Count() < names.Length) throw new StrategySpecException($"Strategy 'specrouter': models={spec.Text("models")} names a level twice; give each once.");
        return names.Length < ChainPlan.MaxLevels ? names : throw new StrategySpecException($"Strategy 'specrouter' takes up to {ChainPlan.MaxLevels - 1} models; got {names.Length}.");
    }

    private static Rung TargetRung(StrategyContext context, int rows, int slack)
    {
        ModelRunner runner = context.NewTargetRunner(rows);
        return new Rung(new ModelLevel("target", runner, context.Target.Config.VocabSize, isTarget: true, slack), runner.Model);
    }

    private static Rung Open(string name, StrategyContext context, int rows)
    {
        if (name == "lookup") return new Rung(new LookupLevel(), null);
        (TransformerModel model, bool owned) = name.Split('@') switch
        {
            ["skip"] or ["self"] or ["self", _] => (Thinned(name, context.Target), true),
            ["target", var format] => (Coarser(name, format, context), false),
            _ => (context.OpenDraft(name).Model, false),
        };
        string shown = Path.GetFileName(Path.TrimEndingDirectorySeparator(name)) is { Length: > 0 } last ? last : name;
        return new Rung(new ModelLevel(shown, context.NewRunner(model, rows, owned), context.Target.Config.VocabSize), model);
    }

    /// <summary>The target without some of its layers: every other one, or its first ones alone.</summary>
    private static TransformerModel Thinned(string name, TransformerModel target)
    {
        int layers = target.Config.LayerCount, least = name == "skip" ? 3 : 2; // the first and the last always stay
        if (layers < least || layers > LayerMask.Capacity)
            throw new StrategySpecException($"Strategy 'specrouter': {name} needs a model of {least} to {LayerMask.Capacity} layers; this one has {layers}. Name a smaller model or lookup.");
        if (name == "skip") return target.Keep(LayerSkipDrafter.EveryOther(layers));
        string number = name == "self" ? "" : name["self@".Length..];
        int kept = Math.Max(1, layers / 2);
        if (number.Length > 0 && (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out kept) || kept < 1 || kept >= layers))
            throw new StrategySpecException($"Strategy 'specrouter': {name} keeps no part of this model's layers; give self@1 to self@{layers - 1}.");
        return target.Keep(LayerMask.All(kept));
    }

    private static TransformerModel Coarser(string name, string format, StrategyContext context)
    {
        DType type = format switch
        {
            "q8_0" => DType.Q8_0,
            "q4_0" => DType.Q4_0,
            _ => throw new StrategySpecException($"Strategy 'specrouter': {name} is not supported; give target@q8_0 or target@q4_0."),
        };
        if (context.Requantize is not { } open) throw new StrategySpecException($"Strategy 'specrouter': {name} needs the model's files, which are not at hand here. Name a smaller model, skip or lookup.");
        try
        {
            return open(type);
        }
        catch (NotSupportedException e)
        {
            throw new StrategySpecException($"Strategy 'specrouter': {name} cannot be made. {e.Message} Name a smaller model, skip or lookup instead.", e);
        }
    }

    /// <summary>A level, and what a pass of it may cost before anything was measured.</summary>
    private sealed record Rung(IChainLevel Level, TransformerModel? Model)
    {
        public double Seconds(int context, int rows) => Model is null ? 0 : CostEstimate.Seconds(Model, Model.AllLayers, context, rows);

        public (IPassCosts, LayerRange)? Profile(CostStore? store, TimeProvider time, CostProfilerOptions? options) =>
            Level is ModelLevel level ? (new CostProfiler(level.Runner, store, time, options), level.Runner.Model.AllLayers) : null;
    }
}
