using Switchyard.Experiments.Measuring;
using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;

namespace Switchyard.Experiments.Drex;

/// <summary>The load that policies meet: the same requests, the same exits, the same decisions.</summary>
/// <param name="Model">The model.</param>
/// <param name="Prompts">Prompts, taken in turn.</param>
/// <param name="NewTokens">Tokens of a request.</param>
/// <param name="Exits">Depths of the exits.</param>
/// <param name="Confidence">Threshold; 1 − rate where decisions are synthetic.</param>
/// <param name="Synthetic">Exits by chance at a fixed rate, in place of what the exits say.</param>
internal sealed record DrexLoads(TransformerModel Model, IReadOnlyList<int[]> Prompts, int NewTokens, IReadOnlyList<int> Exits, float Confidence, bool Synthetic)
{
    /// <summary>The paper's form with its threshold as repaired.</summary>
    public const string Paper = "paper";

    /// <summary>The default form.</summary>
    public const string Drex = "drex";

    /// <summary>Policies by name: baselines first.</summary>
    public static IReadOnlyList<(string Name, DrexOptions Options)> Policies { get; } =
    [
        ("off", new DrexOptions { Policy = DrexPolicy.Off }),
        ("lazy", new DrexOptions { Policy = DrexPolicy.Lazy, AllowBatchDependent = true }),
        ("latency-only", new DrexOptions { Policy = DrexPolicy.LatencyOnly }),
        ("eager", new DrexOptions { Policy = DrexPolicy.Eager, AllowBatchDependent = true }),
        ("average", new DrexOptions { Policy = DrexPolicy.Average, AllowBatchDependent = true }),
        (Paper, new DrexOptions { Stays = StayRule.Paper, AllowBatchDependent = true }),
        ("paper, ART as published", new DrexOptions { Stays = StayRule.Paper, AllowBatchDependent = true, PublishedThreshold = true }),
        (Drex, new DrexOptions()),
    ];

    /// <summary>Baselines that force nobody out.</summary>
    public static IReadOnlyList<string> Unforced { get; } = ["off", "lazy", "latency-only"];

    /// <summary>A policy under this load.</summary>
    /// <param name="name">Its name in tables.</param>
    /// <param name="options">The policy; exits and threshold are the load's.</param>
    /// <param name="batch">Rows of a pass; twice as many requests are in flight, for every policy alike.</param>
    /// <param name="rule">When rows that stay go on; null for the usual.</param>
    public SteadyLoad Open(string name, DrexOptions options, int batch, IRebatchRule? rule = null)
    {
        var time = new PausedTime();
        return new SteadyLoad(name, NewStrategy(options, batch, time, rule), time, Request, 2 * batch);
    }

    /// <summary>The strategy of a policy, with room for twice as many requests as a pass has rows.</summary>
    public DrexStrategy NewStrategy(DrexOptions options, int batch, TimeProvider time, IRebatchRule? rule = null)
    {
        options = options with { MaxRows = batch, Exits = options.Policy == DrexPolicy.Off ? null : Exits, Confidence = Confidence };
        int slots = (NewTokens + Prompts.Max(p => p.Length) + 32) / 16 * 16;
        int pending = options.Kv == MissingKv.Postfill ? 2 * batch * options.MaxPending : 0;
        var runner = new ModelRunner(Model, 64 + (4 * batch) + (2 * pending), 2 * batch * slots);
        return new DrexStrategy(runner, options, new DrexParts { Time = time, Rule = rule, Confidence = Synthetic ? new SeededConfidence(11) : null });
    }

    /// <summary>The i-th request.</summary>
    public DecodingRequest Request(int index, Action<GeneratedToken> onToken) => new(
        Prompts[index % Prompts.Count],
        new GenerationOptions { MaxNewTokens = NewTokens, IgnoreEos = true, Temperature = Synthetic ? 0 : 0.7f, Seed = (ulong)index + 1 }, onToken: onToken);
}
