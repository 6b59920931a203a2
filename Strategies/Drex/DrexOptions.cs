using Switchyard.Model;
using Switchyard.Strategies.Passes;

namespace Switchyard.Strategies.Drex;

/// <summary>How DREX exits and regroups. The defaults promise the same tokens for any company (<see cref="DecodingGuarantee.PolicyExact"/>).</summary>
public sealed record DrexOptions
{
    /// <summary>The most decode rows that policies over whole groups take: their confidences are read together.</summary>
    public const int MaxGroupRows = TransformerModel.ReadoutChunk;

    /// <summary>A row leaves iff its confidence, top-1 minus top-2 probability, is above this, in [0, 1]. 1 never exits.</summary>
    public float Confidence { get; init; } = 0.6f;

    /// <summary>Depths of the exits, ascending, in layers run; null: after a third and two thirds of the layers.</summary>
    public IReadOnlyList<int>? Exits { get; init; }

    /// <summary>What later rows see of a row that left.</summary>
    public MissingKv Kv { get; init; } = MissingKv.Source;

    /// <summary>Whether sure rows may be kept; <see cref="StayRule.Paper"/> needs <see cref="AllowBatchDependent"/>.</summary>
    public StayRule Stays { get; init; } = StayRule.Never;

    /// <summary>Who leaves; policies over whole groups need <see cref="AllowBatchDependent"/>.</summary>
    public DrexPolicy Policy { get; init; } = DrexPolicy.Rebatch;

    /// <summary>Accepts that tokens depend on which requests share the batch.</summary>
    public bool AllowBatchDependent { get; init; }

    /// <summary>The time that may pass between two tokens of a request that sets none of its own; null: throughput alone counts.</summary>
    public TimeSpan? TimeBetweenTokens { get; init; }

    /// <summary>Decode rows a pass takes at most.</summary>
    public int MaxRows { get; init; } = 32;

    /// <summary>Rows that may wait at exits at once; null: 2 · <see cref="MaxRows"/> + 1, as the paper has it.</summary>
    public int? MaxParked { get; init; }

    /// <summary>Steps a row may wait at an exit before its group must go on.</summary>
    public int MaxWait { get; init; } = 32;

    /// <summary>Under <see cref="MissingKv.Postfill"/>: rows of one request that may stand at exits with their tokens taken.</summary>
    public int MaxPending { get; init; } = 8;

    /// <summary>Margin on predicted times when a deadline is near: 0.2 hurries a fifth earlier.</summary>
    public double Safety { get; init; } = 0.2;

    /// <summary>Under <see cref="StayRule.Paper"/>: split iff more rows than this want to leave; null: adaptive.</summary>
    public int? SplitThreshold { get; init; }

    /// <summary>Under <see cref="StayRule.Paper"/>: the threshold exactly as published, its traps included (papers' section on ART).</summary>
    public bool PublishedThreshold { get; init; }

    /// <summary>Under <see cref="StayRule.Paper"/>: parked rows needed before a batch that stays takes them along.</summary>
    public int InlineDrain { get; init; } = 2;

    /// <summary>Prompt rows of a step; null: the usual shares.</summary>
    public PromptChunks? Chunks { get; init; }

    /// <summary>Events the timeline keeps; 0 keeps none.</summary>
    public int LogCapacity { get; init; }

    /// <summary>Whether a decision looks at other rows of the batch.</summary>
    public bool IsBatchDependent => JudgesGroups || (Policy == DrexPolicy.Rebatch && Stays == StayRule.Paper);

    /// <summary>What is promised about the tokens.</summary>
    public DecodingGuarantee Guarantee =>
        IsBatchDependent ? DecodingGuarantee.BatchDependent
        : Policy == DrexPolicy.Off ? DecodingGuarantee.Lossless
        : DecodingGuarantee.PolicyExact;

    /// <summary>Whether the policy gives one verdict for all rows at an exit.</summary>
    internal bool JudgesGroups => Policy is DrexPolicy.Eager or DrexPolicy.Lazy or DrexPolicy.Average or DrexPolicy.Median;

    internal int ParkedLimit => MaxParked ?? (2 * MaxRows) + 1;

    /// <summary>Reads settings as the command line spells them, such as <c>confidence=0.6,exits=4+8,kv=postfill</c>. A policy named here is asked for by name.</summary>
    /// <param name="settings">Comma-separated <c>name=value</c>; empty for the defaults.</param>
    /// <exception cref="DrexOptionsException">A setting is unknown, or its value is; says which are known.</exception>
    public static DrexOptions Parse(string settings) => DrexSettings.Parse(settings);

    /// <summary>The settings that differ from the defaults, as <see cref="Parse"/> reads them.</summary>
    public string ToSettings() => DrexSettings.Format(this);

    /// <summary>Checks every option against a model and gives the exits in use: none for <see cref="DrexPolicy.Off"/>.</summary>
    /// <param name="layerCount">Layers of the model.</param>
    /// <exception cref="DrexOptionsException">An option is outside its range; names it.</exception>
    public IReadOnlyList<int> Validate(int layerCount)
    {
        Check(Confidence is >= 0 and <= 1, nameof(Confidence), Confidence, "between 0 and 1; 1 never exits");
        Check(TimeBetweenTokens is null || TimeBetweenTokens > TimeSpan.Zero, nameof(TimeBetweenTokens), TimeBetweenTokens, "above 0, or null");
        Check(MaxRows > 0, nameof(MaxRows), MaxRows, "1 or more");
        Check(!IsBatchDependent || MaxRows <= MaxGroupRows, nameof(MaxRows), MaxRows, $"at most {MaxGroupRows} where a policy looks at whole groups");
        Check(MaxParked is null or > 0, nameof(MaxParked), MaxParked, "1 or more, or null");
        Check(MaxWait >= 0, nameof(MaxWait), MaxWait, "0 or more steps");
        Check(MaxPending >= 0, nameof(MaxPending), MaxPending, "0 or more rows");
        Check(double.IsFinite(Safety) && Safety >= 0, nameof(Safety), Safety, "0 or more");
        Check(SplitThreshold is null or >= 0, nameof(SplitThreshold), SplitThreshold, "0 or more rows, or null for the adaptive one");
        Check(InlineDrain > 0, nameof(InlineDrain), InlineDrain, "1 or more rows");
        Check(LogCapacity >= 0, nameof(LogCapacity), LogCapacity, "0 or more events");
        Check(!IsBatchDependent || AllowBatchDependent, nameof(Policy), Policy == DrexPolicy.Rebatch ? "stays=paper" : Policy,
            "a policy whose tokens do not depend on company (rebatch, off, latency-only with stays=never), or set AllowBatchDependent");
        Check(Kv == MissingKv.Source || !IsBatchDependent, nameof(Kv), Kv, "source where a policy looks at whole groups");
        if (Policy == DrexPolicy.Off) return [];

        IReadOnlyList<int> exits = Exits ?? DefaultExits(layerCount);
        int previous = 0;
        foreach (int depth in exits)
        {
            Check(depth > previous && depth < layerCount, nameof(Exits), string.Join('+', exits), $"ascending depths between 1 and {layerCount - 1} for this model of {layerCount} layers");
            previous = depth;
        }
        return exits;
    }

    private static int[] DefaultExits(int layerCount) => layerCount switch
    {
        < 2 => [],
        2 or 3 => [layerCount - 1],
        _ => [layerCount / 3, 2 * layerCount / 3],
    };

    private static void Check(bool holds, string option, object? given, string supported)
    {
        if (!holds) throw new DrexOptionsException(option, FormattableString.Invariant($"{given} is not supported; give {supported}."));
    }
}
