using FsCheck;
using FsCheck.Fluent;
using Switchyard.Strategies;
using Switchyard.Strategies.Sampling;
using Switchyard.Strategies.SpecRouter;
using Xunit;

namespace Switchyard.Tests.SpecRouter;

public sealed class SimilarityTrackerTests
{
    [Fact]
    public void Similarity_is_symmetric_and_everything_stays_in_range() => Prop.ForAll(
        Gen.Choose(0, 2).Two().Zip(Gen.Choose(0, 12).Select(i => i / 10.0 - 0.1)).ArrayOf().ToArbitrary(),
        samples =>
        {
            var tracker = new SimilarityTracker(3);
            foreach (((int one, int other), double distance) in samples) tracker.ObserveDistance(one, other, distance, greedy: false);
            for (int i = 0; i < 3; i++)
                for (int j = 0; j < 3; j++)
                {
                    double similarity = tracker.Similarity(i, j), acceptance = tracker.Acceptance(i, j);
                    if (similarity != tracker.Similarity(j, i) || similarity is not (>= 0 and <= 1) || acceptance is not (>= 0 and <= 1)) return false;
                }
            return true;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Identical_levels_are_predicted_to_keep_everything()
    {
        var tracker = new SimilarityTracker(2);
        for (int i = 0; i < 10; i++) tracker.ObserveDistance(0, 1, 0, greedy: false);
        for (int i = 0; i < 10; i++) tracker.ObserveBlock(0, 1, 8, 8);
        Assert.Equal(1, tracker.Similarity(0, 1), 12);
        Assert.Equal(1, tracker.Acceptance(0, 1), 12);
    }

    [Fact]
    public void Prior_is_the_lower_bound_of_shared_noise_and_the_share_of_equal_tokens_when_greedy()
    {
        SimilarityTracker sampled = new(2), greedy = new(2);
        sampled.ObserveDistance(0, 1, 0.25, greedy: false);
        Assert.Equal(0.75 / 1.25, sampled.Acceptance(0, 1), 12);
        for (int i = 0; i < 4; i++) greedy.ObserveDistance(0, 1, i == 0 ? 1 : 0, greedy: true);
        Assert.Equal(0.75, greedy.Acceptance(0, 1), 12);
    }

    [Fact]
    public void Observation_takes_over_from_the_prior()
    {
        var tracker = new SimilarityTracker(2);
        tracker.ObserveDistance(0, 1, 0.5, greedy: false); // prior 1/3
        for (int i = 0; i < 20; i++) tracker.ObserveBlock(0, 1, 5, 4);
        Assert.Equal(0.5 * 0.8 + 0.5 / 3, tracker.Acceptance(0, 1), 9);
        for (int i = 0; i < 980; i++) tracker.ObserveBlock(0, 1, 5, 4);
        Assert.Equal(0.8, tracker.Acceptance(0, 1), 0.01);
        for (int i = 0; i < 48; i++) tracker.ObserveBlock(0, 1, 1, 0); // the text changed: three plans later the chain should
        Assert.True(tracker.Acceptance(0, 1) < 0.4);
        for (int i = 0; i < 120; i++) tracker.ObserveBlock(0, 1, 1, 0);
        Assert.True(tracker.Acceptance(0, 1) < 0.05);
    }

    [Fact]
    public void Pairs_never_compared_follow_the_triangle_inequality()
    {
        var tracker = new SimilarityTracker(3);
        Assert.Equal(0.5, tracker.Similarity(0, 2));
        tracker.ObserveDistance(0, 1, 0.1, greedy: false);
        tracker.ObserveDistance(1, 2, 0.2, greedy: false);
        Assert.Equal(0.7, tracker.Similarity(0, 2), 12);
    }

    [Fact]
    public void Distance_of_distributions_is_their_total_variation()
    {
        var state = new SamplerState(new GenerationOptions { Temperature = 1 }, 1, [0]);
        NextTokenLaw one = new(), other = new(), longer = new();
        one.Take([MathF.Log(0.5f), MathF.Log(0.3f), MathF.Log(0.2f)], state);
        other.Take([MathF.Log(0.2f), MathF.Log(0.3f), MathF.Log(0.5f)], state);
        longer.Take([MathF.Log(0.25f), MathF.Log(0.15f), MathF.Log(0.1f), MathF.Log(0.5f)], state);
        Assert.Equal(0.3, one.DistanceTo(other), 5);
        Assert.Equal(0.5, one.DistanceTo(longer), 5);
        Assert.Equal(0.5, longer.DistanceTo(one), 5);
        Assert.Equal(0, one.DistanceTo(one), 6);
    }

    [Fact]
    public void Distance_is_of_what_is_sampled_after_filters_and_at_temperature_0_of_single_tokens()
    {
        var filtered = new SamplerState(new GenerationOptions { Temperature = 1, TopK = 1 }, 1, [0]);
        var greedy = new SamplerState(new GenerationOptions(), 1, [0]);
        NextTokenLaw one = new(), other = new();
        one.Take([2f, 1f, 0f], filtered);
        other.Take([9f, 1f, 8f], filtered);
        Assert.Equal(0, one.DistanceTo(other), 6);
        one.Take([2f, 1f, 0f], greedy);
        Assert.Equal(double.NaN, one.DistanceTo(other));
        other.Take([2f, 3f, 0f], greedy);
        Assert.Equal(1, one.DistanceTo(other));
        other.Take([2f, float.NaN, 0f], greedy);
        Assert.False(other.IsTaken);
        Assert.Equal(double.NaN, one.DistanceTo(other));
    }
}
