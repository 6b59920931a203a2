using Switchyard.Cli.Output;
using Switchyard.Tuning;

namespace Switchyard.Cli.Options;

/// <summary>A strategy as <c>--strategy</c> takes it: a spelling, or @FILE for one that was tuned.</summary>
internal static class StrategyOption
{
    /// <summary>Reads it.</summary>
    /// <param name="given">What was given.</param>
    /// <param name="model">The model that it is for; a file that was made for another shape is refused.</param>
    /// <exception cref="StrategySpecException">It cannot be read, or does not fit the model.</exception>
    public static StrategySpec Read(string given, string model)
    {
        if (!given.StartsWith('@')) return StrategySpec.Parse(given);
        StrategyFile file = StrategyFile.Load(given[1..]);
        file.ThrowUnlessMadeFor(model);
        return file.Spec;
    }
}
