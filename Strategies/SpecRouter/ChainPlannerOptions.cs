namespace Switchyard.Strategies.SpecRouter;

/// <summary>How a <see cref="ChainPlanner"/> searches and how readily it changes its mind.</summary>
public sealed record ChainPlannerOptions
{
    /// <summary>Windows tried for every level that checks.</summary>
    public IReadOnlyList<int> Windows { get; init; } = [1, 2, 3, 4, 6, 8, 12];

    /// <summary>Target passes between plans.</summary>
    public int Interval { get; init; } = 16;

    /// <summary>Target passes that an exploration lasts.</summary>
    public int ExplorationBlocks { get; init; } = 4;

    /// <summary>Predicted gain, as a share, below which the chain stays.</summary>
    public double Hysteresis { get; init; } = 0.05;

    /// <summary>Chance of an exploration per plan, once every level was tried.</summary>
    public double Exploration { get; init; } = 0.02;

    /// <summary>Tokens over which the catching up of a level that joins is spread.</summary>
    public int Horizon { get; init; } = 64;

    /// <summary>Chooses what is explored.</summary>
    public ulong Seed { get; init; } = 1;
}
