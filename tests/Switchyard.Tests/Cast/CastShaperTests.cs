using Switchyard.Strategies.Cast;
using Switchyard.Strategies.Costs;
using Switchyard.Strategies.Speculation;
using Xunit;

namespace Switchyard.Tests.Cast;

/// <summary>CAST's decisions, without any model.</summary>
public sealed class CastShaperTests
{
    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 4)]
    [InlineData(true, 1)]
    public void Without_a_price_the_tree_is_the_fixed_one_node_by_node(bool perRequest, int batch)
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var drafter = new ScriptedDrafter(seed);
            var options = Options(0, perRequest) with { MaxDepth = 4, MaxBreadth = 3, MaxNodes = 20 };
            DraftSession[] cast = Trees.Sessions(batch), eagle = Trees.Sessions(batch);
            Trees.Grow(new CastShaper(new TableCosts(Trees.RandomTable(new Random(seed)), Trees.RandomTable(new Random(-seed - 1))), options), drafter, cast);
            Trees.Grow(new FixedShaper(4, 3, 20), drafter, eagle);
            for (int j = 0; j < batch; j++) Assert.Equal(Trees.Show(eagle[j].Tree), Trees.Show(cast[j].Tree));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void At_any_price_nothing_is_verified(bool perRequest)
    {
        DraftSession[] sessions = Trees.Sessions(3);
        Trees.Grow(new CastShaper(new TableCosts(TableCosts.Affine(1, 1), TableCosts.Affine(1, 1)), Options(1e9, perRequest)), new ScriptedDrafter(1), sessions);
        Assert.All(sessions, session => Assert.Equal(0, session.Tree.Count));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Doubling_every_cost_changes_no_decision(bool perRequest)
    {
        int grown = 0;
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            CostTable target = Trees.RandomTable(random), draft = Trees.RandomTable(random, 0.2);
            CastOptions options = Options(0.3 + random.NextDouble(), perRequest);
            DraftSession[] one = Trees.Sessions(3), two = Trees.Sessions(3);
            List<int> first = Trees.Grow(new CastShaper(new TableCosts(target, draft), options), new ScriptedDrafter(seed), one);
            List<int> second = Trees.Grow(new CastShaper(new TableCosts(Trees.Scaled(target, 2), Trees.Scaled(draft, 2)), options), new ScriptedDrafter(seed), two);
            Assert.Equal(first, second);
            for (int j = 0; j < 3; j++) Assert.Equal(Trees.Show(one[j].Tree), Trees.Show(two[j].Tree));
            grown += one[0].Tree.Count;
        }
        Assert.True(grown > 60);
    }

    [Fact]
    public void A_dearer_draft_never_widens_the_first_layer()
    {
        int narrowed = 0;
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            CostTable target = Trees.RandomTable(random), draft = Trees.RandomTable(random, 0.1);
            CastOptions options = Options(0.5, perRequest: false) with { DepthThreshold = 0 };
            int cheap = Trees.Grow(new CastShaper(new TableCosts(target, draft), options), new ScriptedDrafter(seed), Trees.Sessions(2))[0];
            int dear = Trees.Grow(new CastShaper(new TableCosts(target, Trees.Scaled(draft, 3)), options), new ScriptedDrafter(seed), Trees.Sessions(2))[0];
            Assert.True(dear <= cheap, $"{cheap} became {dear}");
            if (dear < cheap) narrowed++;
        }
        Assert.True(narrowed > 5);
    }

    [Fact]
    public void A_costly_row_in_the_target_makes_the_verified_tree_smaller()
    {
        var drafter = new ScriptedDrafter(4);
        DraftSession[] free = Trees.Sessions(1), dear = Trees.Sessions(1);
        CastOptions options = Options(1, perRequest: false);
        Trees.Grow(new CastShaper(new TableCosts(TableCosts.Affine(0.001, 1), TableCosts.Affine(0.001, 0.01)), options), drafter, free);
        Trees.Grow(new CastShaper(new TableCosts(TableCosts.Affine(0.2, 1), TableCosts.Affine(0.001, 0.01)), options), drafter, dear);
        Assert.InRange(dear[0].Tree.Count, 1, free[0].Tree.Count - 5);
    }

    [Fact]
    public void Decay_is_remembered_within_its_window_and_starts_hopeful()
    {
        var window = new DecayWindow(4);
        Assert.Equal(1, window.Mean);
        foreach (double ratio in (double[])[0.5, double.NaN, -1, 0, double.PositiveInfinity, 0.7]) window.Push(ratio);
        Assert.Equal(2, window.Count);
        Assert.Equal(0.6, window.Mean, 12);
        for (int i = 0; i < 100; i++) window.Push(0.25);
        Assert.Equal(4, window.Count);
        Assert.Equal(0.25, window.Mean);

        var shaper = new CastShaper(new TableCosts(TableCosts.Affine(0.01, 1), TableCosts.Affine(0.01, 0.01)), Options(0, false) with { DecayWindow = 3 });
        for (int step = 0; step < 10; step++) Trees.Grow(shaper, new ScriptedDrafter(step), Trees.Sessions(2));
        for (int depth = 0; depth < shaper.MaxDepth - 1; depth++)
        {
            Assert.Equal(3, shaper.Decay(depth).Count);
            Assert.InRange(shaper.Decay(depth).Mean, 1e-9, shaper.Children);
        }
        Trees.Grow(shaper, new ScriptedDrafter(0), Trees.Sessions(3)); // another batch size: the old ratios say nothing
        Assert.Equal(1, shaper.Decay(0).Count);
    }

    [Fact]
    public void Shares_by_worth_give_more_nodes_to_the_surer_draft()
    {
        DraftSession[] sessions = Trees.Sessions(2);
        Trees.Grow(new CastShaper(new TableCosts(TableCosts.Affine(0.05, 1), TableCosts.Affine(0.001, 0.001)), Options(1.2, perRequest: true)), new OneSureDrafter(), sessions);
        Assert.True(sessions[0].Tree.Count >= 2 * sessions[1].Tree.Count, $"{sessions[0].Tree.Count} and {sessions[1].Tree.Count}");
    }

    [Fact]
    public void The_threshold_follows_the_measured_speed_and_losing_pauses()
    {
        var tracker = new SpeedTracker();
        for (int i = 0; i < 400; i++) tracker.Observe(tokens: 3, seconds: 1.5, plainSeconds: 1);
        Assert.Equal(2, tracker.Speed, 6);
        int speculated = 0;
        for (int i = 0; i < 3000; i++)
        {
            if (!tracker.Speculates()) continue;
            speculated++;
            tracker.Observe(tokens: 1, seconds: 2, plainSeconds: 1);
        }
        Assert.InRange(speculated, 30, 300);
        for (int i = 0; i < 2000; i++)
            if (tracker.Speculates()) tracker.Observe(tokens: 4, seconds: 1, plainSeconds: 1); // it pays again
        Assert.Equal(4, tracker.Speed, 2);
    }

    private static CastOptions Options(double threshold, bool perRequest) =>
        new() { BreadthThreshold = threshold, DepthThreshold = threshold, VerifyThreshold = threshold, PerRequest = perRequest };

    private sealed class OneSureDrafter : IDrafter
    {
        public string Name => "one sure";

        public bool TryOpen(DraftSession session) => true;

        public int Expand(ReadOnlySpan<DraftSession> sessions, int children)
        {
            for (int j = 0; j < sessions.Length; j++)
                foreach (int node in sessions[j].Frontier) sessions[j].Offer(node, [new(1, j == 0 ? 0.95f : 0.3f, float.NaN), new(2, 0.04f, float.NaN)]);
            return 1;
        }

        public void Observe(ReadOnlySpan<DraftSession> sessions)
        {
        }

        public void Close(DraftSession session)
        {
        }

        public void Dispose()
        {
        }
    }

    [Fact]
    public void Pause_can_be_ended_from_outside_and_first_steps_then_do_not_count()
    {
        var speed = new SpeedTracker();
        for (int i = 0; i < 200; i++) if (speed.Speculates()) speed.Observe(1, 2, 1);
        Assert.False(speed.Speculates());
        speed.Resume();
        for (int i = 0; i < 3; i++)
        {
            Assert.True(speed.Speculates());
            speed.Observe(1, 100, 1);
        }
        Assert.True(speed.Speculates());
        Assert.Equal(1, speed.Speed);
        for (int i = 0; i < 40; i++) if (speed.Speculates()) speed.Observe(3, 2, 1);
        Assert.True(speed.Speed > 1.3, $"{speed.Speed}");
    }
}
