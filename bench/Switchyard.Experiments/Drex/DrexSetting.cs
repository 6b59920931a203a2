using Switchyard.Model;
using Switchyard.Model.Text;

namespace Switchyard.Experiments.Drex;

/// <summary>Sizes and models of the DREX experiments, and the verdicts they come to.</summary>
internal sealed class DrexSetting(ExperimentSetting setting)
{
    private static readonly string[] Beginnings =
    [
        "Once upon a time there was a poor man who", "The King said to his daughter,", "A Lion and a Fox once", "The old house stood", "In the middle of the forest", "One morning the youngest son",
        "When the queen heard this, she", "The captain of the ship", "Far away in the mountains", "There lived an old woman who", "As soon as it was dark", "The merchant had three",
        "At last they came to", "The wolf looked at the lamb and", "Early the next day", "He took the ring and",
    ];

    private TransformerModel? _tales;
    private int _figures;

    /// <summary>Exit rates of synthetic decisions.</summary>
    public static IReadOnlyList<double> Rates { get; } = [0.3, 0.5, 0.7];

    public ExperimentSetting Base => setting;

    public bool Quick => setting.Quick;

    /// <summary>Turns of each policy.</summary>
    public int Rounds => Quick ? 1 : 5;

    /// <summary>Rows of a pass.</summary>
    public int[] Batches => Quick ? [2, 4] : [4, 8, 16, 32];

    /// <summary>Rows of a pass where one size is enough.</summary>
    public int Batch => Quick ? 4 : 8;

    public TransformerModel Tales => _tales ??= setting.Open(setting.TargetName);

    public int TalesTokens => Quick ? 12 : 96;

    public int[][] TalesPrompts { get; } = [.. Beginnings.Select(text => setting.Tokenizer.Encode(text))];

    /// <summary>A quarter of the layers: where synthetic decisions are made.</summary>
    public static int QuarterOf(TransformerModel model) => Math.Max(1, model.Config.LayerCount / 4);

    public List<DrexVerdict> Verdicts { get; } = [];

    public int NextFigure() => ++_figures;

    /// <summary>Draws the conclusion about throughput from one contest.</summary>
    public void Judge(string where, double? rate, int batch, IReadOnlyList<DrexOutcome> outcomes)
    {
        DrexOutcome drex = outcomes.Single(o => o.Name == DrexLoads.Drex), paper = outcomes.Single(o => o.Name == DrexLoads.Paper);
        DrexOutcome best = outcomes.Where(o => DrexLoads.Unforced.Contains(o.Name)).MaxBy(o => o.Throughput)!;
        Verdicts.Add(new DrexVerdict(where, rate, batch, drex, best, paper));
    }
}

/// <summary>DREX against the best baseline that forces nobody out, under one load.</summary>
/// <param name="Where">The model.</param>
/// <param name="Rate">Exit rate of synthetic decisions; null: what the exits say.</param>
/// <param name="Batch">Rows of a pass.</param>
/// <param name="Drex">The default form.</param>
/// <param name="Best">The fastest of off, lazy and latency-only.</param>
/// <param name="Paper">The paper's form.</param>
internal sealed record DrexVerdict(string Where, double? Rate, int Batch, DrexOutcome Drex, DrexOutcome Best, DrexOutcome Paper)
{
    /// <summary>The least gain aimed at.</summary>
    public const double Target = 1.10;

    public double Gain => Drex.Throughput / Best.Throughput;

    /// <summary>The gain that passes as measured leave to any scheduler; null where exits are several.</summary>
    public double? MostGain => Drex.Ceiling / Best.Throughput;

    public bool IsOutOfReach => MostGain < Target;

    public string Words => IsMet ? "met" : IsOutOfReach ? "out of reach" : "not met";

    public bool IsMet => Gain >= Target && Drex.Statistics.ForcedExits == 0;
}
