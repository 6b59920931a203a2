using FsCheck;
using FsCheck.Fluent;
using Switchyard.Strategies.Auto;

namespace Switchyard.Tests.Auto;

/// <summary>One strategy of a simulated world.</summary>
/// <param name="Length">Tokens drafted a step.</param>
/// <param name="DraftCost">A drafted token's cost, in shares of a plain step.</param>
/// <param name="Accepted">Accepted drafts of each step, repeated; 0 for never.</param>
internal sealed record SimulatedArm(int Length, double DraftCost, int[] Accepted);

/// <summary>A simulated machine and text: what plain steps cost, what strategies cost and how their drafts fare.</summary>
/// <param name="RowCost">A further row's cost in a target pass, in shares of a plain step: 0 flat, 1 linear.</param>
/// <param name="Growth">Growth of every cost per token of context.</param>
/// <param name="Slack">How far below its declared bound a step stays at least now and then, in [0, 1).</param>
/// <param name="Batches">Requests that decode, changing every <see cref="BatchLength"/> steps.</param>
internal sealed record AutoWorld(double RowCost, double Growth, double Slack, SimulatedArm[] Arms, int[] Batches, int Tokens, int Seed)
{
    public const int BatchLength = 60;

    public static Arbitrary<AutoWorld> Any { get; } = (
        from rowCost in Gen.Choose(0, 100)
        from growth in Gen.Choose(0, 20)
        from slack in Gen.Choose(0, 50)
        from arms in Arm.ArrayOf().Where(arms => arms.Length is > 0 and < 5)
        from batches in Gen.Elements(1, 1, 1, 2, 8, 20).ArrayOf().Where(batches => batches.Length > 0)
        from tokens in Gen.Choose(16, 1200)
        from seed in Gen.Choose(0, 1_000_000)
        select new AutoWorld(rowCost / 100.0, growth / 10_000.0, slack / 100.0, arms, batches, tokens, seed)).ToArbitrary();

    private static Gen<SimulatedArm> Arm =>
        from length in Gen.Choose(1, 12)
        from cost in Gen.Choose(0, 60)
        from accepted in Gen.OneOf(Gen.Constant(new[] { 0 }), Gen.Choose(0, length).ArrayOf().Where(a => a.Length > 0))
        select new SimulatedArm(length, cost / 100.0, accepted);

    public override string ToString() => FormattableString.Invariant(
        $"rows {RowCost}, growth {Growth}, slack {Slack}, batches [{string.Join(',', Batches)}], {Tokens} tokens, seed {Seed}, arms {string.Join("; ", Arms.Select(a => $"{a.Length} at {a.DraftCost} accept [{string.Join(',', a.Accepted)}]"))}");

    /// <summary>Runs the world; the worst excess over the bound, in plain steps, and times.</summary>
    public AutoRun Run(AutoOptions options, Func<int, ArmChooser, int>? choose = null)
    {
        var random = new Random(Seed);
        double emitted = 0, spent = 0, plain = 0, longestPlain = 0, worst = double.NegativeInfinity;
        double now = 1; // the cost of a plain step of one request at this context
        double Plain(int batch) => now * (1 + RowCost * (batch - 1));
        double Bound(int arm, int batch) => Arms[arm - 1].Length * Arms[arm - 1].DraftCost * Plain(batch) + now * (1 + RowCost * (batch * (Arms[arm - 1].Length + 1) - 1));
        var chooser = new ArmChooser(["plain", .. Arms.Select((_, i) => $"arm {i}")], options with { StepBound = Bound });
        chooser.Begin();
        var steps = new int[Arms.Length + 1];
        for (int step = 0; emitted < Tokens; step++)
        {
            int batch = Batches[step / BatchLength % Batches.Length], arm = choose is null ? chooser.Choose(batch) : choose(batch, chooser);
            double seconds = arm == 0 ? Plain(batch) : Bound(arm, batch) * (1 - Slack * random.NextDouble());
            int each = arm == 0 ? 1 : 1 + Arms[arm - 1].Accepted[steps[arm] % Arms[arm - 1].Accepted.Length];
            (steps[arm], spent, longestPlain) = (steps[arm] + 1, spent + seconds, Math.Max(longestPlain, Plain(batch)));
            for (int i = 0; i < each; i++, emitted++)
            {
                plain += Plain(batch);
                now *= 1 + Growth;
            }
            chooser.Report(arm, batch, seconds, each * batch);
            worst = Math.Max(worst, (spent - 1.01 * plain - 2 * longestPlain) / longestPlain);
        }
        return new(spent, plain, worst, steps, chooser);
    }
}

/// <param name="WorstExcess">The most that time spent exceeded 1.01 · plain + 2 steps at any moment, in plain steps; the law says at most 0.</param>
internal sealed record AutoRun(double Spent, double Plain, double WorstExcess, int[] Steps, ArmChooser Chooser);
