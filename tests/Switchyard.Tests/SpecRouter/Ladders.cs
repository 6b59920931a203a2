using Switchyard.Model;
using Switchyard.Properties;
using Switchyard.Strategies;
using Switchyard.Strategies.SpecRouter;
using Switchyard.Tensor;
using Switchyard.Tests.Speculation;

namespace Switchyard.Tests.SpecRouter;

/// <summary>Random ladders of tiny models: coarser and thinner forms of the target, strangers, and lookup.</summary>
internal static class Ladders
{
    public static ModelLevel Target(IBackend backend, string model, int seed, int rows = 96, int slots = 16 * 96) =>
        new("target", Decoding.Runner(backend, model, seed, rows, slots), TinyModels.VocabSize, isTarget: true);

    /// <summary>The target's own weights, rounded.</summary>
    public static ModelLevel Rounded(IBackend backend, string model, int seed, DType format, int rows = 96)
    {
        using TransformerModel target = TinyModels.Get(model).Open(backend, seed);
        return new ModelLevel(format.ToString(), new ModelRunner(TinyModels.Build(backend, target.Config, format, seed), rows, 16 * 96, ownsModel: true), TinyModels.VocabSize);
    }

    /// <summary>The target without its second layer, sharing its weights; disposed before it.</summary>
    public static ModelLevel Thinned(ModelLevel target, int rows = 96) => new(
        "thinned", new ModelRunner(target.Runner.Model.Keep(LayerMask.All(target.Runner.Model.Config.LayerCount).Without(1)), rows, 16 * 96, ownsModel: true), TinyModels.VocabSize);

    /// <summary>A ladder of two to five levels.</summary>
    public static IChainLevel[] Random(IBackend backend, string model, int seed, Random random)
    {
        ModelLevel target = Target(backend, model, seed, rows: random.Next(9, 96));
        var levels = new List<IChainLevel>();
        if (random.Next(2) == 0) levels.Add(new LookupLevel(3, 1));
        if (random.Next(2) == 0) levels.Add(Target(backend, "llama-gqa-tied", seed + 1, rows: random.Next(4, 64)) is var stranger ? new ModelLevel("stranger", stranger.Runner, TinyModels.VocabSize) : target);
        if (random.Next(2) == 0) levels.Add(Thinned(target, rows: random.Next(4, 64)));
        if (levels.Count == 0 || random.Next(3) > 0) levels.Add(Rounded(backend, model, seed, random.Next(2) == 0 ? DType.Q4_0 : DType.Q8_0, rows: random.Next(4, 64)));
        levels.Add(target);
        return [.. levels];
    }

    public static SpecRouterStrategy Router(IReadOnlyList<IChainLevel> ladder, IChainPolicy? policy = null) =>
        new(ladder, policy ?? new RouterSimulationTests.Switching(ladder.Count, ladder.Count), new SpecRouterOptions { TokenCount = TinyModels.VocabSize });

    public static RecordedChains Fixed(string chain) => RecordedChains.Fixed(ChainPlan.Parse(chain));
}
