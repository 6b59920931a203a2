using Switchyard.Backends.Cpu;
using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests.Cpu;

public sealed class StreamTunerTests
{
    private static readonly int[] Forms = [1, 2, 4];

    [Theory]
    [InlineData(1.0, 1.1, 1.2, 1)]
    [InlineData(1.2, 1.0, 1.1, 2)]
    [InlineData(1.2, 1.1, 1.0, 4)]
    public void The_fastest_form_is_found_though_products_are_held_up(double one, double two, double four, int want)
    {
        var random = new Random(3);
        var tuner = new StreamTuner(Forms);
        for (int i = 0; i < 2 * (Forms.Length - 1) * StreamTuner.Samples; i++)
        {
            Assert.False(tuner.IsSettled);
            Take(tuner, random, one, two, four);
        }
        Assert.True(tuner.IsSettled);
        Assert.Equal(want, tuner.Panels);
    }

    [Fact]
    public void What_becomes_fastest_later_is_found_by_trying_now_and_then()
    {
        var random = new Random(5);
        var tuner = new StreamTuner(Forms);
        for (int i = 0; i < 1000; i++) Take(tuner, random, 1.0, 1.2, 1.3);
        Assert.Equal(1, tuner.Panels);
        int others = 0;
        for (int i = 0; i < 10_000; i++) if (Take(tuner, random, 1.2, 1.3, 1.0) != tuner.Panels) others++;
        Assert.Equal(4, tuner.Panels);
        Assert.InRange(others, 1, 80);
    }

    [Fact]
    public void Forms_that_differ_by_less_than_noise_do_not_take_turns()
    {
        var random = new Random(7);
        var tuner = new StreamTuner(Forms);
        int changes = 0;
        for (int i = 0, last = 0; i < 100_000; i++)
        {
            Take(tuner, random, 1.0, 1.01, 1.3);
            if (tuner.IsSettled && last != 0 && tuner.Panels != last) changes++;
            last = tuner.IsSettled ? tuner.Panels : 0;
        }
        Assert.InRange(changes, 0, 1);
    }

    [Fact]
    public void A_form_that_is_far_slower_is_tried_seldom()
    {
        var random = new Random(11);
        var tuner = new StreamTuner(1, 4);
        int tried = 0;
        for (int i = 0; i < 100_000; i++) if (Take(tuner, random, 1.0, 0, 2.0) == 4) tried++;
        Assert.InRange(tried, 30, 130); // a thousandth of the time
    }

    [Fact]
    public void A_trial_is_held_against_a_product_of_as_many_rows()
    {
        var tuner = new StreamTuner(1, 4);
        var random = new Random(13);
        for (int i = 0; i < 5000; i++)
        {
            int rows = random.Next(3) == 0 ? 8 : 1; // eight rows take five times as long, four panels a tenth less
            int panels = tuner.Begin(rows, out long start);
            if (start != 0) tuner.Add((rows == 8 ? 5 : 1) * (panels == 4 ? 0.9 : 1));
        }
        Assert.Equal(4, tuner.Panels);
    }

    [Fact]
    public void A_single_form_needs_no_measuring()
    {
        var tuner = new StreamTuner(1);
        Assert.True(tuner.IsSettled);
        Assert.Equal(1, tuner.Begin(1, out long start));
        Assert.Equal(0, start);
    }

    [Fact]
    public void Weights_of_one_shape_learn_together_and_others_apart()
    {
        using CpuBackend backend = CpuForms.Create(Isa.Scalar);
        using Weight w = backend.Upload("w", CpuForms.RandomTensor(DType.F32, 32, 64, 1)), same = backend.Upload("v", CpuForms.RandomTensor(DType.F32, 32, 64, 2)), other = backend.Upload("u", CpuForms.RandomTensor(DType.F32, 64, 64, 3));
        Assert.Same(((CpuWeight)w).Tuners, ((CpuWeight)same).Tuners);
        Assert.NotSame(((CpuWeight)w).Tuners, ((CpuWeight)other).Tuners);
    }

    // What a product takes, with some noise; every eleventh is held up.
    private static int Take(StreamTuner tuner, Random random, double one, double two, double four)
    {
        int panels = tuner.Begin(1, out long start);
        double time = (panels == 1 ? one : panels == 2 ? two : four) * (1 + 0.02 * random.NextDouble()) * (random.Next(11) == 0 ? 5 : 1);
        if (start != 0) tuner.Add(time);
        return panels;
    }
}
