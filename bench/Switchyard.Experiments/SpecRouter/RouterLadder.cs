using Switchyard.Experiments.Cast;
using Switchyard.Model;
using Switchyard.Strategies.SpecRouter;

namespace Switchyard.Experiments.SpecRouter;

/// <summary>Models of one family, smallest first, the target last: makes routers over them.</summary>
/// <param name="models">The models. Not owned.</param>
/// <param name="names">Their names.</param>
internal sealed class RouterLadder(IReadOnlyList<TransformerModel> models, IReadOnlyList<string> names) : IDisposable
{
    private const int Rows = 26; // windows up to 12, and what they overshoot by

    private readonly PassProfiles _profiles = new(models);

    public IReadOnlyList<string> Names => names;

    private int Target => models.Count - 1;

    /// <summary>A router with a fixed chain.</summary>
    public SpecRouterStrategy Fixed(string chain, int batch) => Router(RecordedChains.Fixed(ChainPlan.Parse(chain)), batch);

    /// <summary>A router that chooses.</summary>
    public SpecRouterStrategy Choosing(int batch, int branches = 0) => Router(NewPlanner(), batch, branches);

    public SpecRouterStrategy Router(IChainPolicy policy, int batch, int branches = 0, Func<int, IChainLevel, IChainLevel>? wrap = null, int compareEvery = 4)
    {
        IChainLevel[] levels = [.. models.Select((model, i) => (IChainLevel)new ModelLevel(names[i], TalesExperiments.Runner(model, batch, Rows + branches), model.Config.VocabSize, i == Target, branches))];
        if (wrap is not null) levels = [.. levels.Select((level, i) => wrap(i, level))];
        return new SpecRouterStrategy(levels, policy, new SpecRouterOptions { TokenCount = models[Target].Config.VocabSize, MaxBranches = branches, CompareEvery = compareEvery });
    }

    /// <summary>A planner that knows what passes cost, and nothing of how alike the models are.</summary>
    public ChainPlanner NewPlanner() => new(new SimilarityTracker(models.Count), _profiles.NewCosts());

    /// <summary>Frees what passes are measured with.</summary>
    public void Dispose() => _profiles.Dispose();

    /// <summary>A chain with the models' names.</summary>
    public string Show(ChainPlan plan) => string.Join(" > ", Enumerable.Range(0, models.Count).Where(plan.Has).Select(level => level == plan.Bottom ? names[level] : $"{names[level]} per {plan.Window(level)}"));
}
