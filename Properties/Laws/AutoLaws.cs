using Switchyard.Properties.Faults;
using Switchyard.Strategies.Auto;

namespace Switchyard.Properties;

/// <summary>What an automatic choice owes beside its tokens: a bounded loss against plain decoding (docs/auto.md).</summary>
public static class AutoLaws
{
    private const double Rounding = 1e-9;

    /// <summary>Every law; they say nothing about strategies that do not choose.</summary>
    public static IReadOnlyList<Law> All { get; } =
    [
        new CheckedLaw<ChoiceWorld>(
            "auto/bounded-loss", LawKind.Strategy,
            "Whatever is accepted, time spent is at most 1.01 times plain decoding's and two plain steps at every moment, and in every account at most sixteen steps more, as far as earlier ones left them, while steps stay within their declared bounds.",
            ChoiceWorld.Any, 1500, BoundedLoss,
            PlantedAutoBugs.NeverRefuses, PlantedAutoBugs.DraftsForgotten, PlantedAutoBugs.BoundTooShort, PlantedAutoBugs.DebtsForgotten, PlantedAutoBugs.CarriesAll),
        new CheckedLaw<ChoiceWorld>(
            "auto/never-given-up", LawKind.Strategy,
            "Every strategy whose longest step the bound can bear is tried, and tried again, however it fared.",
            ChoiceWorld.Any, 300, NeverGivenUp,
            PlantedAutoBugs.GivesUp),
    ];

    private static Verdict BoundedLoss(LawRun run, ChoiceWorld world)
    {
        if (run.Subject.Chooser is not { } chooser) return Verdict.NotApplicable("the strategy does not choose among others");
        ChoiceRun result = world.Run(chooser, new AutoOptions());
        return Verdict.Of(
            result.WorstExcess <= Rounding,
            () => FormattableString.Invariant($"{result.WorstExcess:F3} plain steps beyond the bound; {result.Spent:F1} spent where plain decoding spends {result.Plain:F1}; steps {string.Join(", ", result.Steps)}"));
    }

    /// <summary>One strategy that never pays and costs little: over a long text it is probed again and again.</summary>
    private static Verdict NeverGivenUp(LawRun run, ChoiceWorld world)
    {
        if (run.Subject.Chooser is not { } chooser) return Verdict.NotApplicable("the strategy does not choose among others");
        SimulatedArm failing = world.Arms[0] with { Length = 1, DraftCost = Math.Min(world.Arms[0].DraftCost, 0.3), Accepted = [0], Honeymoon = 0 };
        ChoiceRun result = (world with { Arms = [failing], RowCost = Math.Min(world.RowCost, 0.3), Growth = 0, Batches = [1], Accounts = [6000] }).Run(chooser, new AutoOptions());
        return Verdict.Of(result.Steps[1] >= 12, () => $"a strategy that never paid was used in {result.Steps[1]} of {result.Steps.Sum()} steps");
    }
}
