using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;
using Switchyard.Tensor;

namespace Switchyard.Properties.Faults;

/// <summary>Mistakes in early exit, planted in the product's own strategy.</summary>
public static class PlantedDrexBugs
{
    private static readonly DrexOptions Options = new() { Confidence = 0.05f, MaxWait = 2, MaxRows = 8, LogCapacity = 1 << 14 };

    /// <summary>Confidence lies.</summary>
    public static PlantedBug Flatters { get; } = Judged("confidence-flatters", "Confidence at exits is overstated.", () => new FlatteringConfidence());

    /// <summary>Confidence depends on company.</summary>
    public static PlantedBug Crowded { get; } = Judged("confidence-crowded", "A row is surer when another request was looked at before it.", () => new CrowdedConfidence());

    /// <summary>Thresholds are not the requests'.</summary>
    public static PlantedBug IgnoresThresholds { get; } = Wrapped("thresholds-ignored", "Rows leave at any confidence, whatever their request asked for.", (inner, _) => new IgnoresThresholds(inner));

    /// <summary>Missing keys and values stay missing.</summary>
    public static PlantedBug Unfilled { get; } = Wrapped(
        "exit-unfilled", "Rows that left have no keys and values in deeper layers.", (inner, runner) => new TampersSources(inner, runner, _ => KvStore.Absent));

    /// <summary>Missing keys and values come from the wrong layer.</summary>
    public static PlantedBug SourceTooLow { get; } = Wrapped(
        "exit-source-too-low", "Deeper layers see a row that left as it was one layer before its exit.", (inner, runner) => new TampersSources(inner, runner, source => (short)Math.Max(0, source - 1)));

    /// <summary>Rows are counted that did not run.</summary>
    public static PlantedBug CountsTwice { get; } = Wrapped("layer-counted-twice", "A layer of a row is counted twice.", (inner, _) => new CountsTwice(inner));

    /// <summary>Tokens are counted that did not come.</summary>
    public static PlantedBug Miscounts { get; } = Wrapped("exit-miscounts", "Rows that wait are counted as having given a token.", (inner, _) => new Miscounts(inner));

    /// <summary>Regrouping copies.</summary>
    public static PlantedBug Copies { get; } = Planted(
        "exit-copies", "Keys and values are copied whenever an exit is looked at.", runner => Make(runner, new CopyingConfidence(runner)));

    /// <summary>A merged row loses its keys and values.</summary>
    public static PlantedBug KeysMoved { get; } = Wrapped(
        "flush-keys-moved", "After a regrouping the last row of a request has the keys and values of its first.", (inner, runner) => new MovesKeys(inner, runner));

    /// <summary>The paper's form splits for fewer rows than it says.</summary>
    public static PlantedBug SplitsTooEarly { get; } = Planted(
        "paper-splits-early", "A batch is split for one row, whatever threshold was asked for.",
        runner => new DrexStrategy(runner, Options with { Stays = StayRule.Paper, AllowBatchDependent = true, SplitThreshold = 2 }, new DrexParts { SplitAbove = _ => 0 }));

    /// <summary>The paper's form, with confidence that depends on company.</summary>
    public static PlantedBug CrowdedPaper { get; } = Planted(
        "paper-confidence-crowded", "Under stays=paper a row is surer when another request was looked at before it.",
        runner => new DrexStrategy(runner, Options with { Stays = StayRule.Paper, AllowBatchDependent = true, SplitThreshold = 0 }, new DrexParts { Confidence = new CrowdedConfidence() }));

    /// <summary>Somebody starves.</summary>
    public static PlantedBug Withholds { get; } = Wrapped("row-withheld", "A row that waits is forgotten for many steps.", (inner, _) => new Withholds(inner));

    private static PlantedBug Judged(string id, string sentence, Func<IConfidenceSource> confidence) => Planted(id, sentence, runner => Make(runner, confidence()));

    private static PlantedBug Wrapped(string id, string sentence, Func<IDecodingStrategy, ModelRunner, IDecodingStrategy> wrap) => Planted(id, sentence, runner => wrap(Make(runner, null), runner));

    private static PlantedBug Planted(string id, string sentence, Func<ModelRunner, IDecodingStrategy> strategy) =>
        new(id, sentence, subject => subject with { Name = $"drex with {id}", Strategy = strategy });

    private static DrexStrategy Make(ModelRunner runner, IConfidenceSource? confidence) => new(runner, Options, new DrexParts { Rule = new NeverRule(), Confidence = confidence });
}
