using Switchyard.Model;
using Switchyard.Strategies;

namespace Switchyard.Properties.Faults;

/// <summary>Mistakes in a strategy. Those of speculation are made in a small speculative strategy that is right without them.</summary>
public static class PlantedStrategyBugs
{
    /// <summary>The verifier's position is off.</summary>
    public static PlantedBug SamplesLate { get; } = Sketch("samples-one-position-late", "The verifier samples one position late.", SketchFault.SamplesLate);

    /// <summary>A guess is matched on the wrong branch.</summary>
    public static PlantedBug ChildWithoutParent { get; } = Sketch(
        "child-without-parent", "A guess is accepted although its parent was not.", SketchFault.ChildWithoutParent);

    /// <summary>The accepted path stays where it was staged.</summary>
    public static PlantedBug PathNotGathered { get; } = Sketch(
        "accepted-path-not-gathered", "The accepted path is committed without its keys and values being gathered.", SketchFault.PathNotGathered);

    /// <summary>Close guesses are taken.</summary>
    public static PlantedBug DraftTaken { get; } = Sketch(
        "close-guess-taken", "Now and then a guess is accepted that is not the target's own choice.", SketchFault.DraftTaken);

    /// <summary>Requests share a seed.</summary>
    public static PlantedBug FirstSamplerForAll { get; } = Sketch(
        "first-sampler-for-all", "Everybody's tokens are drawn with the first request's seed.", SketchFault.FirstSamplerForAll);

    /// <summary>Siblings are visible to a speculative strategy.</summary>
    public static PlantedBug Siblings { get; } = OnSketch(PlantedBackendBugs.Siblings);

    /// <summary>Positions of a speculative strategy follow slots.</summary>
    public static PlantedBug PositionFromSlot { get; } = OnSketch(PlantedBackendBugs.PositionBySlot);

    /// <summary>Leaving disturbs others.</summary>
    public static PlantedBug ReleaseTouchesNeighbour { get; } = Wrapped(
        "release-touches-neighbour", "A request that leaves moves its neighbours' keys and values.", (inner, runner) => new ReleaseTouchesNeighbour(inner, runner));

    /// <summary>Admission runs the prompt.</summary>
    public static PlantedBug AdmissionRuns { get; } = Wrapped(
        "admission-runs", "A prompt runs when it is admitted, and stalls the batch.", (inner, _) => new AdmissionRuns(inner));

    /// <summary>The last slot stays empty.</summary>
    public static PlantedBug LastSlotUnused { get; } = Wrapped(
        "last-slot-unused", "Requests end one slot before the context does.", (inner, _) => new LastSlotUnused(inner));

    /// <summary>Cancelled requests keep their cache.</summary>
    public static PlantedBug LeaksPages { get; } = Wrapped("leaks-pages", "A cancelled request keeps its cache.", (inner, _) => new LeaksPages(inner));

    /// <summary>Counts are wrong.</summary>
    public static PlantedBug Miscounts { get; } = Wrapped("miscounts", "Requests whose prompts still run are counted as having a token.", (inner, _) => new Miscounts(inner));

    /// <summary>Steps allocate. Planted in plain decoding, which claims that none does: the law does not speak of strategies that claim nothing.</summary>
    public static PlantedBug Allocates { get; } = new("allocates", "Every step makes an array.", subject => subject with
    {
        Name = "plain with allocates", Strategy = runner => new Allocates(new AutoregressiveStrategy(runner)), ClaimsNoAllocation = true,
    });

    /// <summary>The speculative strategy in which mistakes are planted, without any.</summary>
    public static Func<ModelRunner, IDecodingStrategy> RightSketch { get; } = runner => new SketchSpeculation(runner, SketchFault.None);

    private static PlantedBug Sketch(string id, string sentence, SketchFault fault) =>
        new(id, sentence, subject => subject with { Name = $"{subject.Name} with {id}", Strategy = runner => new SketchSpeculation(runner, fault) });

    private static PlantedBug OnSketch(PlantedBug bug) => bug with { Plant = subject => bug.Plant(subject with { Strategy = RightSketch }) };

    private static PlantedBug Wrapped(string id, string sentence, Func<IDecodingStrategy, ModelRunner, IDecodingStrategy> wrap) =>
        new(id, sentence, subject => subject with { Name = $"{subject.Name} with {id}", Strategy = runner => wrap(subject.Strategy(runner), runner) });
}
