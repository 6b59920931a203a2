using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.SpecRouter;

namespace Switchyard.Properties.Faults;

/// <summary>Mistakes in a router, made in a small ladder that is right without them and changes its chain by chance before every pass.</summary>
public static class PlantedRouterBugs
{
    /// <summary>The target keeps what it is handed.</summary>
    public static PlantedBug TakesWord { get; } = OnTarget("takes-the-drafts-word", "The target of a ladder keeps every pending token that it is shown.", target => new Credulous(target));

    /// <summary>Sequences that share a pass get one sequence's tokens.</summary>
    public static PlantedBug FirstForAll { get; } = OnTarget("first-lane-for-all", "Everybody who shares a pass of the target gets the first sequence's tokens.", target => new FirstLaneForAll(target));

    /// <summary>Tallies say more than was shown.</summary>
    public static PlantedBug Miscounts { get; } = new(
        "level-counted-twice", "A guess of the lowest level is counted twice.",
        subject => subject with { Name = $"{subject.Name} with level-counted-twice", Strategy = runner => new CountsGuessTwice(Ladder(runner, target => target)) });

    /// <summary>The ladder in which mistakes are planted, without any: look-up, the target without its last layer, and the target, with trees at the last hop.</summary>
    public static Func<ModelRunner, IDecodingStrategy> RightLadder { get; } = runner => Ladder(runner, target => target);

    private static SpecRouterStrategy Ladder(ModelRunner runner, Func<IChainLevel, IChainLevel> wrap)
    {
        const int Branches = 4;
        TransformerModel model = runner.Model, thinned = model.Keep(LayerMask.All(Math.Max(1, model.Config.LayerCount - 1)));
        IChainLevel[] levels =
        [
            new LookupLevel(longest: 3, shortest: 1),
            new ModelLevel("thinned", new ModelRunner(thinned, batchRows: 24, cacheSlots: 2048, ownsModel: true), model.Config.VocabSize),
            wrap(new ModelLevel("target", runner, model.Config.VocabSize, isTarget: true, slack: Branches)),
        ];
        return new SpecRouterStrategy(levels, new RandomChains(1, levels.Length), new SpecRouterOptions { TokenCount = model.Config.VocabSize, MaxBranches = Branches });
    }

    private static PlantedBug OnTarget(string id, string sentence, Func<IChainLevel, IChainLevel> wrap) =>
        new(id, sentence, subject => subject with { Name = $"{subject.Name} with {id}", Strategy = runner => Ladder(runner, wrap) });
}
