using Switchyard.Strategies;

namespace Switchyard;

/// <summary>A strategy that users can name: how it is spelt, what it promises and how it is made.</summary>
/// <param name="Name">The name in front of the colon, lower case.</param>
/// <param name="Usage">The whole spelling with its options, for help and errors.</param>
/// <param name="Summary">What it does, in one sentence.</param>
/// <param name="Guarantee">What its tokens are promised to be, whatever its options.</param>
/// <param name="Create">
/// Makes an instance for a model; loading drafts may take a while, so it is called on a worker thread. Refuses options it does
/// not take with <see cref="StrategySpecException"/> before it loads anything.
/// </param>
public sealed record StrategyKind(
    string Name, string Usage, string Summary, DecodingGuarantee Guarantee, Func<StrategySpec, StrategyContext, IDecodingStrategy> Create);
