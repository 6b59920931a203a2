using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;

namespace Switchyard.Kinds;

/// <summary>DREX by name: early exit with dynamic rebatching.</summary>
internal static class DrexKind
{
    private const string Usage =
        "drex:confidence=0.6,exits=4+8,kv=source|postfill,stays=never|paper,policy=rebatch|off|eager|lazy|average|median|latency-only,tbt=50ms,heads=FILE";

    public static StrategyKind Kind { get; } = new(
        "drex", Usage, "Sure tokens leave after some of the layers; the rest of a batch is regrouped without copies.", DecodingGuarantee.PolicyExact, Create);

    private static DrexStrategy Create(StrategySpec spec, StrategyContext context)
    {
        DrexOptions options;
        try
        {
            // Quoted values never occur beside heads: the settings are numbers, words and lists.
            options = DrexOptions.Parse(string.Join(',', spec.Keys.Where(key => key != "heads").Select(key => $"{key}={spec.Text(key)}")));
            options = options with { LogCapacity = context.Options.TimelineCapacity };
            options.Validate(context.Target.Config.LayerCount);
        }
        catch (DrexOptionsException e)
        {
            throw new StrategySpecException($"Strategy 'drex': {e.Message.Split(" (Parameter", 2)[0]}", e);
        }
        ExitHeadFile? heads = spec.Text("heads") is { } path ? ExitHeadFile.Load(path, context.Target) : null;
        int rows = options is { Kv: MissingKv.Postfill, Policy: DrexPolicy.Rebatch } ? 2 + options.MaxPending : 2; // parked rows stay in the arena
        ModelRunner runner = context.NewTargetRunner(rows);
        return new DrexStrategy(runner, options, new DrexParts { Heads = heads?.Heads, Owned = heads, Time = context.Options.Time });
    }
}
