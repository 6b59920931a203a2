using Switchyard.Strategies.SpecRouter;

namespace Switchyard.Properties;

/// <summary>Another chain by chance at every pass: no schedule is worse.</summary>
/// <param name="seed">Of the chains.</param>
/// <param name="levels">Levels of the ladder.</param>
internal class RandomChains(int seed, int levels) : IChainPolicy
{
    private readonly CaseRandom _random = new(seed);

    public ChainPlan Next(in ChainView view)
    {
        ChainPlan plan = default;
        for (int level = 0; level < levels - 1; level++)
        {
            if (_random.Below(2) == 0) continue;
            plan = plan.Levels == 0 ? ChainPlan.Only(level) : plan.Then(level, 1 + _random.Below(9));
        }
        plan = plan.Levels == 0 ? ChainPlan.Only(levels - 1) : plan.Then(levels - 1, 1 + _random.Below(9));
        return plan.WithRides(_random.Below(2) == 0);
    }
}
