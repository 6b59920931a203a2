using Switchyard.Kinds;
using Switchyard.Strategies;

namespace Switchyard;

/// <summary>The strategies that can be named.</summary>
public static class StrategyCatalog
{
    /// <summary>What the product brings.</summary>
    public static IReadOnlyList<StrategyKind> BuiltIn { get; } =
    [
        new("plain", "plain", "One token of the model a step: what every lossless strategy is measured against.", DecodingGuarantee.Lossless,
            static (spec, context) =>
            {
                spec.AllowOnly();
                return new AutoregressiveStrategy(context.NewTargetRunner());
            }),
        AutoKind.Kind,
        .. SpeculativeKinds.All,
        SpecRouterKind.Kind,
        DrexKind.Kind,
    ];

    /// <summary>Whether the product brings a strategy of this name.</summary>
    internal static bool Has(string name) => BuiltIn.Any(kind => kind.Name == name);

    /// <summary>Finds the kind that <paramref name="spec"/> names.</summary>
    /// <param name="spec">The spelling.</param>
    /// <param name="more">Kinds beside <see cref="BuiltIn"/>; they win over built-in ones of the same name.</param>
    /// <exception cref="StrategySpecException">There is no such strategy; names those there are.</exception>
    public static StrategyKind Find(StrategySpec spec, IReadOnlyList<StrategyKind>? more = null)
    {
        ArgumentNullException.ThrowIfNull(spec);
        StrategyKind[] kinds = [.. more ?? [], .. BuiltIn];
        return Array.Find(kinds, kind => kind.Name == spec.Name)
            ?? throw new StrategySpecException($"There is no strategy '{spec.Name}'. Supported: {string.Join(", ", kinds.Select(kind => kind.Usage).Distinct())}.");
    }
}
