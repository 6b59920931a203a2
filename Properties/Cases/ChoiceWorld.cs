using FsCheck;
using FsCheck.Fluent;
using Switchyard.Strategies.Auto;

namespace Switchyard.Properties;

/// <summary>A simulated machine and text: what plain steps cost, what strategies cost and how their drafts fare.</summary>
/// <param name="RowCost">A further row's cost in a target pass, in shares of a plain step: 0 flat, 1 linear.</param>
/// <param name="Growth">Growth of every cost per token of context; an account begins with an empty one.</param>
/// <param name="Slack">How far below its declared bound a step stays at most, in [0, 1).</param>
/// <param name="Arms">The strategies beside plain decoding.</param>
/// <param name="Batches">Requests that decode, changing every <see cref="BatchLength"/> steps.</param>
/// <param name="Accounts">Tokens of each account: the times between which nothing was decoded.</param>
/// <param name="Seed">Of the slack.</param>
public sealed record ChoiceWorld(double RowCost, double Growth, double Slack, SimulatedArm[] Arms, int[] Batches, int[] Accounts, int Seed)
{
    /// <summary>Steps between two changes of the batch.</summary>
    public const int BatchLength = 60;

    /// <summary>What may be lost: of plain time, and in plain steps beside it.</summary>
    private const double Share = 0.01, Steps = 2;

    /// <summary>Plain steps that an account may lose of what earlier ones left.</summary>
    private const double Carried = 16;

    private static readonly int[] Nothing = [0];

    /// <summary>Worlds by chance: flat to linear costs, drafts at 0 to 60 % of a plain step, any acceptances.</summary>
    public static Arbitrary<ChoiceWorld> Any { get; } = Arb.From(
        from rowCost in Gen.Choose(0, 100)
        from growth in Gen.Choose(0, 20)
        from slack in Gen.Choose(0, 50)
        from count in Gen.Choose(1, 5)
        from arms in Arm.ArrayOf(count)
        from changes in Gen.Choose(1, 4)
        from batches in Gen.Elements(1, 1, 1, 2, 8, 20).ArrayOf(changes)
        from requests in Gen.Choose(1, 5)
        from tokens in Gen.Choose(1, 1200 / requests).ArrayOf(requests)
        from seed in CaseGenerators.Seeds
        select new ChoiceWorld(rowCost / 100.0, growth / 10_000.0, slack / 100.0, arms, batches, tokens, seed),
        world => world.Smaller());

    private static Gen<SimulatedArm> Arm =>
        from length in Gen.Choose(1, 12)
        from cost in Gen.Choose(0, 60)
        from steps in Gen.Choose(1, 40)
        from accepted in Gen.OneOf(Gen.Constant(Nothing), Gen.Choose(0, length).ArrayOf(steps), Gen.Elements(0, length).ArrayOf(steps))
        from honeymoon in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(1, 30)))
        select new SimulatedArm(length, cost / 100.0, accepted, honeymoon);

    /// <summary>Worlds like this one, smaller.</summary>
    public IEnumerable<ChoiceWorld> Smaller()
    {
        for (int i = 0; i < Arms.Length && Arms.Length > 1; i++) yield return this with { Arms = [.. Arms[..i], .. Arms[(i + 1)..]] };
        for (int i = 0; i < Accounts.Length && Accounts.Length > 1; i++) yield return this with { Accounts = [.. Accounts[..i], .. Accounts[(i + 1)..]] };
        for (int i = 0; i < Accounts.Length; i++)
            if (Accounts[i] > 1) yield return this with { Accounts = [.. Accounts[..i], Accounts[i] / 2, .. Accounts[(i + 1)..]] };
        if (Batches.Length > 1) yield return this with { Batches = [Batches[0]] };
        if (Batches[0] > 1) yield return this with { Batches = [1] };
        if (Growth > 0) yield return this with { Growth = 0 };
        if (Slack > 0) yield return this with { Slack = 0 };
        for (int i = 0; i < Arms.Length; i++)
            if (Arms[i].Accepted.Length > 1) yield return this with { Arms = [.. Arms[..i], Arms[i] with { Accepted = Arms[i].Accepted[..(Arms[i].Accepted.Length / 2)] }, .. Arms[(i + 1)..]] };
    }

    /// <summary>Lets a chooser live in this world.</summary>
    /// <param name="chooser">Makes it, from the strategies' names and the bounds on their steps.</param>
    /// <param name="options">How it risks; its bounds on steps are the world's.</param>
    public ChoiceRun Run(Func<IReadOnlyList<string>, AutoOptions, IArmChooser> chooser, AutoOptions options)
    {
        ArgumentNullException.ThrowIfNull(chooser);
        ArgumentNullException.ThrowIfNull(options);
        return new Life(this, chooser, options).Live();
    }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant(
        $"rows {RowCost}, growth {Growth}, slack {Slack}, batches [{string.Join(',', Batches)}], accounts [{string.Join(',', Accounts)}], seed {Seed}, arms {string.Join<SimulatedArm>("; ", Arms)}");

    /// <summary>One run through a world.</summary>
    private sealed class Life
    {
        private readonly ChoiceWorld _world;
        private readonly IArmChooser _chooser;
        private readonly CaseRandom _random;
        private readonly int[] _steps;
        private double _now = 1; // the cost of a plain step of one request at this context
        private double _spent, _plain, _longest; // of all accounts
        private double _accountSpent, _accountPlain, _accountLongest, _left, _worst = double.NegativeInfinity; // what earlier accounts left of what they might lose
        private int _last, _inRow, _count, _context;

        public Life(ChoiceWorld world, Func<IReadOnlyList<string>, AutoOptions, IArmChooser> chooser, AutoOptions options)
        {
            (_world, _random, _steps) = (world, new CaseRandom(world.Seed), new int[world.Arms.Length + 1]);
            _chooser = chooser(["plain", .. world.Arms.Select((_, i) => $"arm {i + 1}")], options with { StepBound = Bound });
        }

        public ChoiceRun Live()
        {
            foreach (int tokens in _world.Accounts)
            {
                _chooser.Begin();
                (_now, _context, _accountSpent, _accountPlain, _accountLongest, _left) = (1, 0, 0, 0, 0, Math.Max(0, (1 + Share) * _plain - _spent));
                for (int emitted = 0; emitted < tokens;) emitted += Step();
            }
            return new ChoiceRun(_spent, _plain, _worst, _steps);
        }

        private double Plain(int batch) => _now * (1 + _world.RowCost * (batch - 1));

        private double Bound(int arm, int batch)
        {
            SimulatedArm simulated = _world.Arms[arm - 1];
            return simulated.Length * simulated.DraftCost * Plain(batch) + _now * (1 + _world.RowCost * (batch * (simulated.Length + 1) - 1));
        }

        /// <returns>Tokens of each request.</returns>
        private int Step()
        {
            int batch = _world.Batches[_count++ / BatchLength % _world.Batches.Length], arm = _chooser.Choose(batch, (long)batch * _context);
            _inRow = arm == _last ? _inRow + 1 : 0;
            double seconds = arm == 0 ? Plain(batch) : Bound(arm, batch) * (1 - _world.Slack * _random.Below(1000) / 1000);
            int each = arm == 0 ? 1 : 1 + _world.Arms[arm - 1].AcceptedAt(_steps[arm], _inRow);
            (_last, _steps[arm], _longest, _accountLongest) = (arm, _steps[arm] + 1, Math.Max(_longest, Plain(batch)), Math.Max(_accountLongest, Plain(batch)));
            double plain = 0;
            _context += each;
            for (int i = 0; i < each; i++)
            {
                plain += Plain(batch);
                _now *= 1 + _world.Growth;
            }
            _chooser.Report(arm, batch, seconds, each * batch);
            (_spent, _plain, _accountSpent, _accountPlain) = (_spent + seconds, _plain + plain, _accountSpent + seconds, _accountPlain + plain);
            _worst = Math.Max(_worst, (_spent - (1 + Share) * _plain) / _longest - Steps);
            _worst = Math.Max(_worst, (_accountSpent - (1 + Share) * _accountPlain - Math.Min(_left, Carried * _accountLongest)) / _accountLongest - Steps);
            return each;
        }
    }
}

/// <summary>What became of a chooser in a simulated world.</summary>
/// <param name="Spent">Time spent, in plain steps of one request at an empty context.</param>
/// <param name="Plain">What plain decoding would have spent.</param>
/// <param name="WorstExcess">The most by which time spent exceeded 1.01 · plain + 2 steps at any moment, in all or, beyond what earlier ones left it, in one account, in plain steps; the law says at most 0.</param>
/// <param name="Steps">Steps that each strategy took, plain decoding's first.</param>
public sealed record ChoiceRun(double Spent, double Plain, double WorstExcess, IReadOnlyList<int> Steps);
