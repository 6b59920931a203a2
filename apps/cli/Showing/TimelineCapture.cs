using Switchyard.Strategies;
using Switchyard.Strategies.Drex;

namespace Switchyard.Cli.Showing;

/// <summary>Opens a model such that the DREX instance that serves it, and its timeline, can be looked at afterwards.</summary>
internal sealed class TimelineCapture
{
    private const int Capacity = 1 << 17; // events

    /// <summary>The instance; null before the model is open.</summary>
    public DrexStrategy? Strategy { get; private set; }

    /// <summary>The options with the timeline on.</summary>
    /// <exception cref="UsageException">The strategy keeps no timeline.</exception>
    public LocalModelOptions On(LocalModelOptions options)
    {
        if (options.Strategy.Name != "drex") throw new UsageException("--show batch draws the timeline of DREX: add --strategy drex:confidence=0.6, or another spelling of drex.");
        StrategyKind kind = StrategyCatalog.Find(options.Strategy, options.StrategyKinds);
        return options with { TimelineCapacity = Capacity, StrategyKinds = [kind with { Create = Create }, .. options.StrategyKinds] };

        IDecodingStrategy Create(StrategySpec spec, StrategyContext context)
        {
            IDecodingStrategy strategy = kind.Create(spec, context);
            Strategy = strategy as DrexStrategy;
            return strategy;
        }
    }
}
