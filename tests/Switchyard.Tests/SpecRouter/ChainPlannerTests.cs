using Switchyard.Model;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.SpecRouter;
using Xunit;

namespace Switchyard.Tests.SpecRouter;

public sealed class ChainPlannerTests
{
    /// <summary>Constant times per level.</summary>
    private sealed class GivenCosts(params double[] seconds) : ILevelCosts
    {
        public double[] Times { get; } = seconds;

        public double Seconds(int level, int batch, int context, int rows) => Times[level];

        public void Observe(int level, int batch, int context, double rows, double seconds) => Times[level] = seconds;
    }

    private static ChainView View(ChainPlan current, long blocks, int levels = 3, uint usable = 7, int batch = 1, int[]? behind = null) =>
        new(current, behind ?? new int[levels], Enumerable.Repeat(200, levels).ToArray())
        {
            Usable = usable, Verifying = (1u << levels) - 1, Batch = batch, Context = 100, Blocks = blocks,
        };

    private static SimilarityTracker Known(params (int Drafter, int Verifier, double Acceptance)[] pairs)
    {
        var tracker = new SimilarityTracker(3);
        foreach ((int drafter, int verifier, double acceptance) in pairs)
            for (int i = 0; i < 4000; i++) tracker.ObserveBlock(drafter, verifier, 100, (int)(100 * acceptance));
        return tracker;
    }

    private static readonly ChainPlannerOptions NoExploration = new() { Exploration = 0 };

    [Fact]
    public void Search_finds_what_trying_every_chain_finds()
    {
        var random = new Random(3);
        for (int world = 0; world < 200; world++)
        {
            SimilarityTracker tracker = new(3);
            foreach ((int i, int j) in new[] { (0, 1), (0, 2), (1, 2) })
                for (int n = 0; n < 50; n++) tracker.ObserveBlock(i, j, 10, random.Next(11));
            var costs = new GivenCosts(random.NextDouble(), 1 + 4 * random.NextDouble(), 8 + 20 * random.NextDouble());
            var planner = new ChainPlanner(tracker, costs, NoExploration);
            ChainView view = View(default, 0);
            planner.Next(view);

            double best = costs.Times[2];
            int[] windows = [1, 2, 3, 4, 6, 8, 12];
            foreach (int bottom in (int[])[0, 1])
                foreach (int top in windows)
                {
                    best = Math.Min(best, planner.Predict(view, ChainPlan.Only(bottom).Then(2, top)));
                    if (bottom == 1) continue;
                    foreach (int middle in windows) best = Math.Min(best, planner.Predict(view, ChainPlan.Only(0).Then(1, middle).Then(2, top)));
                }
            Assert.Equal(best, planner.PredictedSeconds, 12);
            Assert.Equal(best, planner.Predict(view, planner.Best), 12);
        }
    }

    [Fact]
    public void Falls_back_to_the_target_alone_where_nothing_beats_it()
    {
        var planner = new ChainPlanner(Known((0, 2, 0), (1, 2, 0), (0, 1, 0)), new GivenCosts(0.1, 1, 10), NoExploration);
        Assert.Equal(ChainPlan.Only(2), planner.Next(View(default, 0)));
    }

    [Fact]
    public void Three_levels_are_used_where_the_middle_pays()
    {
        var planner = new ChainPlanner(Known((0, 1, 0.8), (1, 2, 0.9), (0, 2, 0.75)), new GivenCosts(1, 8, 80), NoExploration);
        Assert.Equal(3, planner.Next(View(default, 0)).Count);
        var half = new ChainPlanner(Known((0, 1, 0.8), (1, 2, 0.9), (0, 2, 0.75)), new GivenCosts(1, 40, 80), NoExploration);
        Assert.Equal(2, half.Next(View(default, 0)).Count); // a middle of half the target's cost never pays
    }

    [Fact]
    public void Noise_below_the_hysteresis_never_switches()
    {
        var random = new Random(1);
        var costs = new GivenCosts(1, 4, 20);
        var planner = new ChainPlanner(Known((0, 1, 0.7), (1, 2, 0.8), (0, 2, 0.6)), costs, NoExploration);
        ChainPlan first = planner.Next(View(default, 0)), plan = first;
        for (int block = 1; block < 4000; block++)
        {
            costs.Times[0] = 1 + 0.02 * random.NextDouble();
            costs.Times[1] = 4 + 0.08 * random.NextDouble();
            costs.Times[2] = 20 + 0.4 * random.NextDouble();
            plan = planner.Next(View(plan, block));
            Assert.Equal(first, plan);
        }
    }

    [Fact]
    public void Delay_of_a_level_is_followed_at_the_next_plan()
    {
        var costs = new GivenCosts(1, 8, 80);
        var planner = new ChainPlanner(Known((0, 1, 0.8), (1, 2, 0.9), (0, 2, 0.75)), costs, NoExploration);
        ChainPlan plan = planner.Next(View(default, 0));
        Assert.True(plan.Has(1));
        costs.Times[1] = 100;
        int block = 1;
        for (; plan.Has(1) && block < 100; block++) plan = planner.Next(View(plan, block));
        Assert.InRange(block, 2, 17);
    }

    [Fact]
    public void Plans_are_made_at_intervals_and_when_the_batch_or_the_ladder_changes()
    {
        var planner = new ChainPlanner(Known((0, 2, 0.8)), new GivenCosts(1, 4, 20), NoExploration with { Interval = 10, ExplorationBlocks = 10 });
        ChainPlan plan = planner.Next(View(default, 0));
        for (int block = 1; block < 10; block++) plan = planner.Next(View(plan, block));
        Assert.Equal(1, planner.Plans);
        plan = planner.Next(View(plan, 10));
        Assert.Equal(2, planner.Plans);
        plan = planner.Next(View(plan, 11, batch: 2));
        Assert.Equal(3, planner.Plans);
        plan = planner.Next(View(plan, 12, batch: 2, usable: 0b110));
        Assert.Equal(4, planner.Plans);
        Assert.Equal(0u, plan.Levels & 1);
    }

    [Fact]
    public void Level_that_lags_far_behind_has_its_catching_up_counted()
    {
        var costs = LevelCosts.ByWeights(1_000, 10_000, 1_000_000);
        var planner = new ChainPlanner(Known((0, 2, 0.3), (1, 2, 0.3), (0, 1, 0.3)), costs, NoExploration);
        ChainPlan with = ChainPlan.Only(1).Then(2, 3);
        double fresh = planner.Predict(View(default, 0), with), stale = planner.Predict(View(default, 0, behind: [0, 5000, 0]), with);
        Assert.Equal(costs.Seconds(1, 1, 100, 5000) / 64, stale - fresh, 12);
        Assert.Equal(fresh, planner.Predict(View(with, 0, behind: [0, 5000, 0]), with), 12); // it is in use: what it lacks it lacks anyway
    }

    [Fact]
    public void Pairs_that_never_met_are_tried_first_and_random_chains_later()
    {
        var planner = new ChainPlanner(new SimilarityTracker(3, start: 0), new GivenCosts(1, 2, 20), new ChainPlannerOptions { Exploration = 0.25 });
        ChainPlan plan = default;
        var seen = new HashSet<uint>();
        for (int block = 0; block < 2000; block++) seen.Add((plan = planner.Next(View(plan, block))).Levels);
        Assert.Superset(new HashSet<uint> { 0b100, 0b101, 0b110, 0b111 }, seen);
    }

    [Fact]
    public void Planning_allocates_nothing_after_warm_up()
    {
        var planner = new ChainPlanner(new SimilarityTracker(3), LevelCosts.ByWeights(0, 1_000_000, 50_000_000), new() { Interval = 1, ExplorationBlocks = 1, Exploration = 0.3 });
        int[] behind = [0, 9, 0], most = [20, 20, 20];
        ChainPlan plan = default;
        long before = 0;
        for (int block = 0; block < 400; block++)
        {
            if (block == 200) before = GC.GetAllocatedBytesForCurrentThread();
            plan = planner.Next(new ChainView(plan, behind, most) { Usable = 7, Verifying = 6, Batch = 1 + block % 3, Context = 50, Blocks = block });
            planner.ObservePass(1, 1, 50, 2, 0.01);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void What_was_learned_survives_a_better_guess()
    {
        double guess = 1;
        var costs = new LevelCosts(2, (level, _, _, rows) => level == 0 ? 0.1 : guess + 0.1 * rows);
        for (int i = 0; i < 20; i++) costs.Observe(1, 1, 0, 1, 3.3); // thrice the guess
        Assert.Equal(3.3, costs.Seconds(1, 1, 0, 1), 6);
        guess = 3.2; // measured at last
        Assert.Equal(3.3, costs.Seconds(1, 1, 0, 1), 6);
        Assert.Equal(3.6, costs.Seconds(1, 1, 0, 4), 6);
        costs.Observe(1, 1, 0, 1, 3.3);
        Assert.Equal(3.3, costs.Seconds(1, 1, 0, 1), 6);
    }

    [Fact]
    public void Profiles_are_measured_between_steps_and_beforehand_and_a_level_without_a_model_is_nearly_free()
    {
        var profile = new Profile();
        var costs = new LevelCosts([null, (profile, new LayerRange(0, 4))]);
        var planner = new ChainPlanner(new SimilarityTracker(2), costs);
        Assert.Equal(0.5, costs.Seconds(1, 2, 100, 3));
        Assert.InRange(costs.Seconds(0, 2, 100, 3), 0, 0.001);
        planner.BetweenSteps();
        planner.Calibrate(TimeSpan.FromSeconds(2));
        Assert.Equal((1, 1.0), (profile.Moments, profile.Budget.TotalSeconds));
    }

    private sealed class Profile : IPassCosts
    {
        public int Moments { get; private set; }

        public TimeSpan Budget { get; private set; }

        public double Seconds(LayerRange layers, int batch, int context, int rows) => 0.5;

        public void Observe(LayerRange layers, int batch, int context, int rows, double seconds)
        {
        }

        public void BetweenSteps() => Moments++;

        public void Calibrate(LayerRange layers, TimeSpan budget) => Budget = budget;
    }

    [Fact]
    public void Learned_costs_follow_what_passes_took()
    {
        LevelCosts costs = LevelCosts.ByWeights(1_000, 1_000_000);
        for (int i = 0; i < 100; i++) costs.Observe(1, 1, 10, 4, i == 50 ? 1000 : 0.25); // with one hiccup
        Assert.Equal(0.25, costs.Seconds(1, 1, 10, 4), 0.05);
        Assert.True(costs.Seconds(0, 1, 10, 1) < costs.Seconds(1, 1, 10, 1)); // never measured: scaled with the other
        for (int i = 0; i < 120; i++) costs.Observe(1, 1, 10, 4, 2.5);
        Assert.Equal(2.5, costs.Seconds(1, 1, 10, 4), 0.1);
    }

    [Fact]
    public void Resumed_planner_tries_at_once_what_might_pay_with_some_luck()
    {
        // Little is known of the pairs, and that says no; trials have cost their share.
        SimilarityTracker tracker = new(3);
        foreach ((int i, int j) in new[] { (0, 1), (0, 2), (1, 2) })
            for (int n = 0; n < 6; n++) tracker.ObserveBlock(i, j, 2, 0);
        var planner = new ChainPlanner(tracker, new GivenCosts(1.5, 5, 10), NoExploration);
        ChainPlan plan = default;
        long blocks = 0;
        int quiet = 0;
        for (; blocks < 4000 && quiet < 64; blocks++)
        {
            plan = planner.Next(View(plan, blocks));
            quiet = plan.Count == 1 ? quiet + 1 : 0;
        }
        Assert.Equal(1, plan.Count);
        int before = planner.Plans;
        planner.Resume();
        plan = planner.Next(View(plan, blocks));
        Assert.Equal(before + 1, planner.Plans);
        Assert.True(plan.Count > 1, $"{plan}");
        Assert.Equal(1, planner.Best.Count);
    }
}
