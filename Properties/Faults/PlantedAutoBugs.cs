using Switchyard.Strategies.Auto;

namespace Switchyard.Properties.Faults;

/// <summary>Mistakes in an automatic choice.</summary>
public static class PlantedAutoBugs
{
    /// <summary>The ledger is ignored.</summary>
    public static PlantedBug NeverRefuses { get; } = Bug(
        "never-refuses", "The ledger allows every step.", (names, options) => new ArmChooser(names, options with { MaxLoss = 1e9 }));

    /// <summary>Part of the time is not booked.</summary>
    public static PlantedBug DraftsForgotten { get; } = Bug(
        "draft-time-forgotten", "The half of a step in which drafts were made is not booked.", (names, options) => new ForgetsDrafts(new ArmChooser(names, options)));

    /// <summary>Steps are longer than they were said to be.</summary>
    public static PlantedBug BoundTooShort { get; } = Bug(
        "bound-too-short", "The longest that a step may take is declared without its drafts.",
        (names, options) => new ArmChooser(names, options with { StepBound = options.StepBound is { } bound ? (arm, batch) => bound(arm, batch) / 2 : null }));

    /// <summary>Every account begins without a past.</summary>
    public static PlantedBug DebtsForgotten { get; } = Bug(
        "debts-forgotten", "What earlier requests lost is forgotten when others come in.", (names, options) => new ForgetsDebts(() => new ArmChooser(names, options)));

    /// <summary>Whatever was won may be lost at once.</summary>
    public static PlantedBug CarriesAll { get; } = Bug(
        "carries-all", "An account may lose all that earlier ones won.", (names, options) => new ArmChooser(names, options with { CarriedSteps = 1e9 }));

    /// <summary>Probes stop.</summary>
    public static PlantedBug GivesUp { get; } = Bug(
        "gives-up", "A strategy that did not pay is not probed again.", (names, options) => new ArmChooser(names, options with { FirstProbe = 1 << 24, LastProbe = 1 << 24 }));

    private static PlantedBug Bug(string id, string sentence, Func<IReadOnlyList<string>, AutoOptions, IArmChooser> chooser) =>
        new(id, sentence, subject => subject with { Name = $"{subject.Name} with {id}", Chooser = chooser });

    /// <summary>Books half of what a step took.</summary>
    private sealed class ForgetsDrafts(ArmChooser inner) : IArmChooser
    {
        public void Begin() => inner.Begin();

        public int Choose(int batch, long context) => inner.Choose(batch, context);

        public void Report(int arm, int batch, double seconds, int tokens, bool drafted = true, bool idle = false, int? read = null) =>
            inner.Report(arm, batch, arm == 0 ? seconds : seconds / 2, tokens, drafted, idle, read);
    }

    /// <summary>Starts anew with every account.</summary>
    private sealed class ForgetsDebts(Func<ArmChooser> make) : IArmChooser
    {
        private ArmChooser _inner = make();

        public void Begin()
        {
            _inner = make();
            _inner.Begin();
        }

        public int Choose(int batch, long context) => _inner.Choose(batch, context);

        public void Report(int arm, int batch, double seconds, int tokens, bool drafted = true, bool idle = false, int? read = null) => _inner.Report(arm, batch, seconds, tokens, drafted, idle, read);
    }
}
