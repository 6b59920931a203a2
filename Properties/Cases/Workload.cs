using FsCheck;
using FsCheck.Fluent;
using Switchyard.Strategies;

namespace Switchyard.Properties;

/// <summary>Several prompts, the options each is decoded with, and who arrives, waits and leaves when.</summary>
public sealed record Workload
{
    /// <summary>Which of the subject's models.</summary>
    public required int Model { get; init; }

    /// <summary>Which of its random models.</summary>
    public required int ModelSeed { get; init; }

    /// <summary>Prompts.</summary>
    public required int[][] Prompts { get; init; }

    /// <summary>Options of every request; request i has the seed plus i.</summary>
    public required GenerationOptions Options { get; init; }

    /// <summary>Requests that decode at once.</summary>
    public int MaxBatch { get; init; } = 8;

    /// <summary>Rows of the arena when requests share it.</summary>
    public int ArenaRows { get; init; } = 48;

    /// <summary>Sequences of full context that the cache pool has room for when requests share it.</summary>
    public int PoolSequences { get; init; } = 8;

    /// <summary>Of arrivals, of the order inside a batch, and of who is cancelled when.</summary>
    public int ScheduleSeed { get; init; }

    /// <summary>Whether some requests are cancelled.</summary>
    public bool Cancels { get; init; }

    /// <summary>Workloads by chance.</summary>
    public static Arbitrary<Workload> Any { get; } = Arb.From(
        from model in CaseGenerators.Models
        from modelSeed in CaseGenerators.ModelSeeds
        from count in Gen.Choose(1, 5)
        from prompts in CaseGenerators.Tokens(1, 24).ArrayOf(count)
        from options in OptionGenerators.Any
        from batch in Gen.Choose(1, 6)
        from rows in Gen.Elements(6, 14, 48)
        from room in Gen.Choose(1, 6)
        from schedule in CaseGenerators.Seeds
        select new Workload
        {
            Model = model, ModelSeed = modelSeed, Prompts = prompts, Options = options,
            MaxBatch = batch, ArenaRows = Math.Max(rows, batch), PoolSequences = room, ScheduleSeed = schedule,
        },
        work => work.Smaller());

    /// <summary>The requests, not yet admitted.</summary>
    /// <param name="text">The model's vocabulary as text.</param>
    public DecodingRequest[] Requests(ITokenText text) =>
        [.. Prompts.Select((prompt, i) => new DecodingRequest(prompt, Options with { Seed = Options.Seed + (ulong)i }, text))];

    /// <summary>This workload with at most so many new tokens a request; null for no limit.</summary>
    public Workload Within(int? tokens) =>
        tokens is { } most && !(Options.MaxNewTokens <= most) ? this with { Options = Options with { MaxNewTokens = most } } : this;

    /// <summary>Workloads like this one, smaller.</summary>
    public IEnumerable<Workload> Smaller()
    {
        if (Options != OptionGenerators.Simplest(Options)) yield return this with { Options = OptionGenerators.Simplest(Options) };
        for (int i = 0; i < Prompts.Length && Prompts.Length > 1; i++) yield return this with { Prompts = [.. Prompts[..i], .. Prompts[(i + 1)..]] };
        for (int i = 0; i < Prompts.Length; i++)
            foreach (int[] shorter in CaseGenerators.Shorter(Prompts[i], 1)) yield return this with { Prompts = [.. Prompts[..i], shorter, .. Prompts[(i + 1)..]] };
        if (Options.MaxNewTokens > 1) yield return this with { Options = Options with { MaxNewTokens = Options.MaxNewTokens / 2 } };
        if (Options.MaxNewTokens > 1) yield return this with { Options = Options with { MaxNewTokens = Options.MaxNewTokens - 1 } };
        if (ArenaRows < 48) yield return this with { ArenaRows = 48 };
        if (PoolSequences < 6) yield return this with { PoolSequences = 6 };
        if (Model > 0) yield return this with { Model = 0 };
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"model {Model}.{ModelSeed}, {OptionGenerators.Describe(Options)}, batch {MaxBatch}, rows {ArenaRows}, room {PoolSequences}, schedule {ScheduleSeed}"
        + $"{(Cancels ? " with cancellations" : "")}, prompts [{string.Join("; ", Prompts.Select(p => string.Join(",", p)))}]";
}
