using Switchyard.Properties.Faults;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;
using Xunit;

namespace Switchyard.Tests.Drex;

/// <summary>When rows go on: the paper's threshold and simulator, the gathering rule, deadlines, settings.</summary>
public sealed class DrexSchedulingTests
{
    private static readonly int[] Exits = [2, 4];

    // Gains over no exits in percent, thresholds 0 … 7: eight rows, an exit rate, the published 70B times.
    [Theory]
    [InlineData(0.3, new[] { -8.2, -3.5, 1.0, 2.2, 1.2, 0.3, 0, 0 })]
    [InlineData(0.5, new[] { 7.5, 8.5, 10.6, 11.8, 9.5, 4.9, 1.5, 0.2 })]
    public void The_simulator_gives_the_published_gains(double rate, double[] percent)
    {
        var simulator = new RebatchSimulator(8, rate, 57.2, 27.6, 51.4);
        for (int threshold = 0; threshold < 8; threshold++)
        {
            double gain = 100 * (simulator.Throughput(threshold, new PythonRandom(0).Next) / simulator.FullThroughput - 1);
            Assert.InRange(gain, percent[threshold] - 0.051, percent[threshold] + 0.051);
        }
    }

    [Fact]
    public void The_simulator_needs_no_threshold_where_a_split_costs_nothing()
    {
        foreach ((double rate, double percent) in ((double, double)[])[(0.3, 18), (0.5, 33), (0.7, 54)])
        {
            var simulator = new RebatchSimulator(8, rate, 2, 1, 1);
            double[] gains = [.. Enumerable.Range(0, 8).Select(t => 100 * (simulator.Throughput(t, new PythonRandom(0).Next) / simulator.FullThroughput - 1))];
            Assert.Equal(gains[0], gains.Max());
            Assert.InRange(gains[0], percent - 0.6, percent + 0.6);
        }
    }

    [Fact]
    public void The_adaptive_threshold_is_the_overhead_over_the_deep_time()
    {
        var art = new AdaptiveRebatchingThreshold(8);
        Assert.Equal(4, art.Threshold(8));
        Feed(art, 57.2, 27.6, 51.4);
        Assert.Equal(3.39, art.Threshold(8), 0.01);
        Assert.Equal(3.39 / 2, art.Threshold(4), 0.01); // the batch in hand, not the largest
        Assert.Equal(3.39, new RebatchSimulator(8, 0.5, 57.2, 27.6, 51.4).ArtThreshold, 0.01);
    }

    [Fact]
    public void The_repaired_threshold_never_stays_stuck_and_the_published_one_does()
    {
        AdaptiveRebatchingThreshold repaired = new(8), published = new(8, published: true);
        for (int i = 0; i < 1000; i++)
        {
            Feed(repaired, 2.0, 1.0, 0.9);
            Feed(published, 2.0, 1.0, 0.9);
        }
        Assert.Equal(0, repaired.Threshold(8));
        Assert.Equal(4, published.Threshold(8));
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.5)]
    [InlineData(0.7)]
    public void Gathering_waits_where_passes_cost_the_same_for_any_rows_and_never_where_rows_cost_alike(double exitRate)
    {
        var streaming = new GatheringRule(new AffineCosts([1, 1], [0, 0]), 2);
        var computing = new GatheringRule(new AffineCosts([0, 0], [1, 1]), 2);
        Assert.True(streaming.BestRows(0, 24, 1 - exitRate, 8) > 1);
        Assert.Equal(1, computing.BestRows(0, 24, 1 - exitRate, 8));
        Assert.Equal(1, streaming.BestRows(0, 24, 1, 8)); // nobody leaves: the group is as large as it gets
    }

    [Fact]
    public void Gathering_is_as_good_as_the_best_rule_of_its_kind()
    {
        // One request in flight at a time cannot gather; many can: the predicted seconds by token fall with the best choice.
        var rule = new GatheringRule(new AffineCosts([0.4, 1], [0.02, 0.05]), 2);
        int best = rule.BestRows(0, 32, 0.5, 16);
        for (int rows = 1; rows <= 16; rows++)
            Assert.True(rule.SecondsPerToken(0, 32, 0.5, best, 16) <= rule.SecondsPerToken(0, 32, 0.5, rows, 16) * 1.02);
        Assert.Equal(best, rule.Rows(new RampSituation(0, best, 32 - best, 0, 16, 0.5)));
        Assert.Equal(0, rule.Rows(new RampSituation(0, best - 1, 33 - best, 0, 16, 0.5)));
    }

    [Fact]
    public void A_group_is_cut_where_one_row_more_begins_a_new_tile()
    {
        var costs = new MeasuredSplitCosts([3, 9]);
        for (int i = 0; i < 400; i++)
            for (int stage = 0; stage < 2; stage++) costs.Record(stage, 1 + (i % 8), Tiles(1 + (i % 8)) * (stage == 0 ? 0.001 : 0.003));
        Assert.InRange(costs.Seconds(1, 6) / costs.Seconds(1, 7), 0.5, 0.65); // 0.5 but for the line through all sizes
        var rule = new GatheringRule(costs, 2);
        Assert.Equal(6, rule.BestRows(0, 16, 0.75, 8));
        Assert.Equal(6, rule.Rows(new RampSituation(0, 7, 9, 0, 8, 0.75)));
        Assert.Equal(0, rule.Rows(new RampSituation(0, 5, 11, 0, 8, 0.75)));
        Assert.Equal(6, rule.Rows(new RampSituation(0, 6, 10, 0, 8, 0.75, StepBegins: true)));
        Assert.Equal(0, new GatheringRule(new AffineCosts([0, 0], [1, 1]), 2).Rows(new RampSituation(0, 6, 10, 0, 8, 0.75, StepBegins: true))); // nothing to gain: with those that come

        static int Tiles(int rows) => (rows + 5) / 6;
    }

    [Fact]
    public void Sizes_that_are_not_seen_again_are_forgotten_for_the_line()
    {
        var costs = new MeasuredSplitCosts([1]);
        costs.Record(0, 5, 1.0); // a first pass that took long
        for (int i = 0; i < 3000; i++) costs.Record(0, 1 + (i % 4), 0.001 * (1 + (i % 4)));
        Assert.InRange(costs.Seconds(0, 5), 0.004, 0.2);
    }

    [Fact]
    public void Measured_costs_find_the_line_through_what_they_saw()
    {
        var costs = new MeasuredSplitCosts([2, 4]);
        Assert.Equal(2, costs.Seconds(1, 3) / costs.Seconds(0, 3), 1e-9);
        for (int i = 0; i < 300; i++) costs.Record(0, 1 + (i % 8), 0.010 + (0.002 * (1 + (i % 8))));
        Assert.Equal(0.014, costs.Seconds(0, 2), 1e-6);
        Assert.Equal(0.042, costs.Seconds(0, 16), 1e-6);
        costs.Record(1, 4, 0.02);
        Assert.Equal(0.02, costs.Seconds(1, 4), 1e-9);
        Assert.InRange(costs.Seconds(1, 8), 0.02, 0.04);
    }

    [Fact]
    public void Deadlines_flush_in_time_and_misses_are_reported()
    {
        (DrexStatistics hurried, int[][] hurriedTokens) = Ride(TimeSpan.FromMilliseconds(14));
        (DrexStatistics easy, int[][] easyTokens) = Ride(TimeSpan.FromSeconds(100));
        (DrexStatistics none, int[][] noneTokens) = Ride(null);
        (DrexStatistics hopeless, _) = Ride(TimeSpan.FromMilliseconds(1));
        Assert.Equal(noneTokens, hurriedTokens);
        Assert.Equal(noneTokens, easyTokens);
        Assert.Equal(0, none.TimedTokens);
        Assert.Equal(0, easy.Misses);
        Assert.True(hopeless.Misses > hopeless.TimedTokens / 2 && hopeless.WorstMiss > TimeSpan.FromMilliseconds(1));
        Assert.True(hurried.Misses < hurried.TimedTokens / 100, $"{hurried.Misses} of {hurried.TimedTokens}");
        Assert.True(easy.LongestWait > hurried.LongestWait, $"{easy.LongestWait} > {hurried.LongestWait}");

        static (DrexStatistics, int[][]) Ride(TimeSpan? target)
        {
            var time = new SteppingTime(0.25); // milliseconds a look: a stage takes one look, a step a few
            var parts = new DrexParts { Rule = new NeverRule(), Time = time, Costs = new AffineCosts([0.0005, 0.0005, 0.0005], [0, 0, 0]) };
            var options = new DrexOptions { Exits = Exits, Confidence = 0.05f, MaxWait = 60, TimeBetweenTokens = target };
            using var strategy = new DrexStrategy(DrexModels.Runner("llama"), options, parts);
            DecodingRequest[] requests = DrexDriver.Requests(
                DrexDriver.Prompts(new Random(1), 8, 6), i => new() { MaxNewTokens = 40, Temperature = 1, Seed = (ulong)i, ExitConfidence = i == 0 ? 0f : null });
            return (strategy.Statistics, DrexDriver.Run(strategy, requests).Outputs);
        }
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("confidence=0.6,exits=4+8", "exits=4+8")]
    [InlineData("confidence=0.3, kv=postfill, tbt=50ms", "confidence=0.3,kv=postfill,tbt=50ms")]
    [InlineData("policy=latency-only", "policy=latency-only")]
    [InlineData("stays=paper,split=2,art=published", "stays=paper,split=2,art=published")]
    [InlineData("policy=eager,rows=8,parked=9,wait=3,pending=2", "policy=eager,rows=8,parked=9,wait=3,pending=2")]
    public void Settings_are_read_and_written(string given, string written)
    {
        DrexOptions options = DrexOptions.Parse(given);
        Assert.Equal(written, options.ToSettings());
        Assert.Equal(options.ToSettings(), DrexOptions.Parse(written).ToSettings());
        options.Validate(12);
    }

    [Theory]
    [InlineData("confidence=x", "confidence")]
    [InlineData("confidence=NaN", "confidence")]
    [InlineData("exits=4+", "exits")]
    [InlineData("exits=-1", "exits")]
    [InlineData("kv=copy", "kv")]
    [InlineData("tbt=50", "tbt")]
    [InlineData("tbt=-5ms", "tbt")]
    [InlineData("patience=3", "patience")]
    [InlineData("confidence", "confidence")]
    public void Unknown_settings_are_refused_by_name(string settings, string option) =>
        Assert.Equal(option, Assert.Throws<DrexOptionsException>(() => DrexOptions.Parse(settings)).Option);

    [Theory]
    [InlineData("exits=4+4")]
    [InlineData("exits=0")]
    [InlineData("exits=12")]
    [InlineData("exits=8+4")]
    [InlineData("confidence=1.5")]
    [InlineData("rows=0")]
    [InlineData("rows=33,policy=lazy")]
    [InlineData("kv=postfill,stays=paper")]
    public void Options_outside_the_model_are_refused(string settings) =>
        Assert.Throws<DrexOptionsException>(() => DrexOptions.Parse(settings).Validate(12));

    [Fact]
    public void Policies_that_depend_on_company_are_refused_unless_asked_for()
    {
        foreach (DrexPolicy policy in (DrexPolicy[])[DrexPolicy.Eager, DrexPolicy.Lazy, DrexPolicy.Average, DrexPolicy.Median])
            Assert.Throws<DrexOptionsException>(() => new DrexOptions { Policy = policy }.Validate(6));
        Assert.Throws<DrexOptionsException>(() => new DrexOptions { Stays = StayRule.Paper }.Validate(6));
        Assert.Equal(DecodingGuarantee.BatchDependent, DrexOptions.Parse("stays=paper").Guarantee);
        Assert.Equal(DecodingGuarantee.BatchDependent, DrexOptions.Parse("policy=average").Guarantee);
        Assert.Equal(DecodingGuarantee.PolicyExact, DrexOptions.Parse("policy=latency-only").Guarantee);
        Assert.Equal(DecodingGuarantee.PolicyExact, new DrexOptions().Guarantee);
        Assert.Equal([2, 4], new DrexOptions().Validate(6));
        Assert.Equal([], new DrexOptions().Validate(1));
    }

    private static void Feed(AdaptiveRebatchingThreshold art, double full, double shallow, double deep)
    {
        art.RecordFull(full);
        art.RecordShallow(shallow);
        art.RecordDeep(deep);
    }

    [Fact]
    public void Seeded_confidence_leaves_at_the_rate_asked_for()
    {
        var source = new SeededConfidence(5);
        var request = new DecodingRequest([1], new GenerationOptions { Seed = 3 });
        int exits = Enumerable.Range(0, 20_000).Count(p => source.Confidence(request, p, 2, 0) > 0.7f);
        Assert.InRange(exits, 5800, 6200);
    }
}

/// <summary>A clock that moves by a fixed time whenever it is looked at.</summary>
internal sealed class SteppingTime(double milliseconds) : TimeProvider
{
    private long _ticks;

    public override long TimestampFrequency => 1_000_000;

    public override long GetTimestamp() => _ticks += (long)(milliseconds * 1000);
}

/// <summary>The generator with which the published values were made: the 32-bit Mersenne Twister, 53 bits a number.</summary>
internal sealed class PythonRandom
{
    private readonly uint[] _state = new uint[624];
    private int _at = 624;

    public PythonRandom(uint seed)
    {
        _state[0] = 19650218;
        for (uint k = 1; k < 624; k++) _state[k] = (1812433253 * (_state[k - 1] ^ (_state[k - 1] >> 30))) + k;
        int i = 1;
        for (int k = 0; k < 624; k++)
        {
            _state[i] = (_state[i] ^ ((_state[i - 1] ^ (_state[i - 1] >> 30)) * 1664525)) + seed;
            if (++i == 624) (_state[0], i) = (_state[623], 1);
        }
        for (int k = 0; k < 623; k++)
        {
            _state[i] = (_state[i] ^ ((_state[i - 1] ^ (_state[i - 1] >> 30)) * 1566083941)) - (uint)i;
            if (++i == 624) (_state[0], i) = (_state[623], 1);
        }
        _state[0] = 0x80000000;
    }

    public double Next() => (((Word() >> 5) * 67108864.0) + (Word() >> 6)) / 9007199254740992.0;

    private uint Word()
    {
        if (_at == 624)
        {
            for (int k = 0; k < 624; k++)
            {
                uint y = (_state[k] & 0x80000000) | (_state[(k + 1) % 624] & 0x7FFFFFFF);
                _state[k] = _state[(k + 397) % 624] ^ (y >> 1) ^ ((y & 1) * 0x9908B0DF);
            }
            _at = 0;
        }
        uint x = _state[_at++];
        x ^= x >> 11;
        x ^= (x << 7) & 0x9D2C5680;
        x ^= (x << 15) & 0xEFC60000;
        return x ^ (x >> 18);
    }
}
