using Switchyard.Backends.Cpu;
using Switchyard.Properties;
using Switchyard.Strategies;
using Switchyard.Strategies.Cast;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Speculation;
using Switchyard.Tests.Speculation;
using Xunit;

namespace Switchyard.Tests.Cast;

/// <summary>Left to itself, CAST finds trees about as good as the best fixed ones: a clock moved by cost tables, drafts of known quality.</summary>
public sealed class SelfTuningTests
{
    private const string Model = "llama-linear-rope";
    private const int Requests = 6;

    private static readonly (int Depth, int Breadth, int Nodes)[] Fixed =
        [(1, 1, 1), (1, 2, 2), (2, 1, 2), (2, 2, 3), (2, 4, 12), (3, 1, 3), (3, 2, 6), (4, 1, 4), (4, 4, 16), (5, 1, 5), (6, 1, 6), (6, 2, 16), (8, 1, 8)];

    // Rows that are nearly free, dear, on stairs, and free up to a jump beyond which two more are cheap; drafts from nearly free to a third of a target's pass.
    [Theory]
    [InlineData("0.02", 0.02, 0.8, 1)]
    [InlineData("0.08", 0.02, 0.6, 1)]
    [InlineData("0.08", 0.3, 0.9, 1)]
    [InlineData("0.2", 0.1, 0.8, 1)]
    [InlineData("0.45", 0.02, 0.9, 1)]
    [InlineData("stairs", 0.1, 0.8, 1)]
    [InlineData("stairs", 0.02, 0.6, 1)]
    [InlineData("jump", 0.001, 0.9, 1)]
    [InlineData("jump", 0.001, 0.8, 1)]
    [InlineData("0.08", 0.1, 0.8, 3)]
    public void Speed_is_within_three_percent_of_the_best_fixed_tree(string target, double draft, double acceptance, int batch)
    {
        using var world = new World(Costs(target, draft), acceptance, batch);
        double best = Best(world), cast = world.Speed(new CastShaper(world.Costs)), shares = world.Speed(new CastShaper(world.Costs, new CastOptions { PerRequest = true }));
        Assert.True(best > 1.1, $"{best:F3}: nothing to find here");
        Assert.True(cast >= 0.97 * best, $"CAST {cast:F3}, best fixed tree {best:F3}");
        Assert.True(shares >= 0.97 * best, $"CAST with a width for each request {shares:F3}, best fixed tree {best:F3}");
    }

    // What three passes said of some sizes is a fifth or more off: passes in earnest have to find out, of sizes that look too dear to be run as well.
    [Theory]
    [InlineData(0.8, 1.25, 1.0, 1.25, 1.0)]
    [InlineData(0.8, 1.0, 1.25, 1.25, 1.25)]
    [InlineData(0.6, 1.3, 1.3, 1.0, 1.0)]
    [InlineData(0.6, 0.8, 1.3, 1.3, 1.3)]
    [InlineData(0.6, 1.0, 1.0, 0.8, 0.7)]
    public void Sizes_that_were_measured_wrongly_are_found_out(double acceptance, double two, double three, double four, double more)
    {
        using var world = new World(Costs("0.08", 0.02), acceptance, 1);
        double best = Best(world), cast = world.Speed(new CastShaper(new MisreadCosts(world.Costs, rows => rows switch { 1 => 1, 2 => two, 3 => three, 4 => four, _ => more })));
        Assert.True(cast >= 0.96 * best, $"CAST {cast:F3}, best fixed tree {best:F3}");
    }

    [Fact]
    public void Where_nothing_pays_little_is_lost()
    {
        using var world = new World(Costs("0.45", 0.3), 0.5, 1);
        Assert.True(Best(world) < 1);
        Assert.InRange(world.Speed(new CastShaper(world.Costs)), 0.97, 1.01);
    }

    [Fact]
    public void A_very_slow_draft_is_soon_left_alone_and_the_report_says_so()
    {
        using var world = new World(Costs("0.08", 20), 0.8, 1);
        Assert.True(world.Speed(FixedShaper.Chain(4)) < 0.1);
        Assert.InRange(world.Speed(new CastShaper(world.Costs), out string explanation), 0.7, 1);
        Assert.Contains("speculated in 0 of", explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void Thresholds_that_are_wrong_are_slow() // the negative control
    {
        using var world = new World(Costs("0.08", 0.02), 0.9, 1);
        double best = Best(world);
        foreach (double threshold in (double[])[0, 12])
            Assert.True(world.Speed(new CastShaper(world.Costs, new CastOptions { BreadthThreshold = threshold, DepthThreshold = threshold, VerifyThreshold = threshold })) < 0.9 * best);
    }

    private static double Best(World world) => Fixed.Max(shape => world.Speed(new FixedShaper(shape.Depth, shape.Breadth, shape.Nodes)));

    private static TableCosts Costs(string target, double draft)
    {
        int[] rows = [.. Enumerable.Range(1, 96)];
        CostTable table = target switch
        {
            "stairs" => new CostTable(1024, rows, [.. rows.Select(n => 1 + 0.8 * ((n - 1) / 8))]),
            "jump" => new CostTable(1024, rows, [.. rows.Select(n => n <= 4 ? 1 : n <= 6 ? 1.15 + 0.01 * n : 1.21 + 0.2 * (n - 6))]),
            _ => TableCosts.Affine(double.Parse(target, System.Globalization.CultureInfo.InvariantCulture), 1 - double.Parse(target, System.Globalization.CultureInfo.InvariantCulture), rows.Length),
        };
        return new TableCosts(table, TableCosts.Affine(draft / 10, draft * 0.9));
    }

    /// <summary>What a machine takes in truth, and at first something else in the eyes of who asks.</summary>
    private sealed class MisreadCosts : ICostModel
    {
        private static readonly int[] Rows = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

        private readonly TableCosts _truth;
        private readonly CostCurve _target;

        public MisreadCosts(TableCosts truth, Func<int, double> error)
        {
            _truth = truth;
            _target = new CostCurve(1024, Rows, [.. Rows.Select(rows => truth.TargetSeconds(1, 0, rows) * error(rows))], repetitions: 1);
        }

        public double TargetSeconds(int batch, int context, int rows) => _target.Seconds(batch, context, rows);

        public double DraftSeconds(int batch, int context, int rows) => _truth.DraftSeconds(batch, context, rows);

        public void ObserveTarget(int batch, int context, int rows, double seconds) => _target.Observe(batch, context, rows, seconds, 0.1);
    }

    /// <summary>Requests whose plain continuation is known, on a machine that takes the time of tables.</summary>
    private sealed class World : IDisposable
    {
        private readonly CpuBackend _backend = new(new CpuOptions { Threads = 1 });
        private readonly double _acceptance;
        private readonly int _batch;
        private readonly int[][] _outputs;

        public World(TableCosts costs, double acceptance, int batch)
        {
            (Costs, _acceptance, _batch) = (costs, acceptance, batch);
            _outputs = Decoding.Plain(_backend, Model, 1, NewRequests());
        }

        public TableCosts Costs { get; }

        /// <summary>Tokens for the time of a plain step, once the first requests have been served.</summary>
        public double Speed(ITreeShaper shaper) => Speed(shaper, out _);

        /// <summary>The same, and what the strategy says of the last request.</summary>
        public double Speed(ITreeShaper shaper, out string explanation)
        {
            var clock = new SimulatedClock();
            DecodingRequest[] requests = NewRequests();
            var replay = new ReplayDrafter(request => _outputs[(int)request.Seed], _acceptance, TinyModels.VocabSize, seed: 9);
            using var strategy = new SpeculativeStrategy(
                "replay", Decoding.Runner(_backend, Model, 1, rows: 400, slots: 4096), new ClockedDrafter(replay, clock, Costs), shaper,
                new() { Time = clock, Reliability = shaper is CastShaper ? new Reliability() : null });
            int tokens = 0;
            double start = 0;
            for (int i = 0; i < requests.Length; i += _batch)
            {
                DecodingRequest[] together = requests[i..Math.Min(i + _batch, requests.Length)];
                foreach (DecodingRequest request in together) Assert.True(strategy.TryAdmit(request));
                strategy.Step(together); // the prompts
                if (i == 2 * _batch) (start, tokens) = (clock.Seconds, 0);
                while (!Array.Exists(together, request => request.IsFinished)) tokens += strategy.Step(together).Emitted;
                foreach (DecodingRequest request in together) strategy.Release(request);
            }
            explanation = strategy.Explain(requests[^1].Statistics);
            return tokens / (clock.Seconds - start) * Costs.TargetSeconds(_batch, 0, 1) / _batch;
        }

        public void Dispose() => _backend.Dispose();

        private DecodingRequest[] NewRequests() =>
            [.. Enumerable.Range(0, Requests * _batch).Select(i => new DecodingRequest([i % 29, 3], new GenerationOptions { MaxNewTokens = 92, Temperature = 0.7f, Seed = (ulong)i, IgnoreEos = true }))];
    }
}
