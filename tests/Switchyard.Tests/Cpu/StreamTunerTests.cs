using Switchyard.Backends.Cpu;
using Xunit;

namespace Switchyard.Tests.Cpu;

public sealed class StreamTunerTests
{
    private const long Large = 1L << 30;

    [Theory]
    [InlineData(1.0, 1.2, 1)]
    [InlineData(1.2, 1.0, 4)]
    public void The_faster_form_is_found_whatever_the_order_of_products(double one, double several, int want)
    {
        // The four products of a layer take a different time a byte each, by more than the forms differ; now and then one is held up.
        double[] perByte = [1.3, 2.0, 1.0, 1.6];
        var random = new Random(3);
        var tuner = new StreamTuner();
        for (int i = 0; i < 2 * StreamTuner.Samples; i++)
        {
            Assert.False(tuner.IsSettled);
            double form = tuner.Begin(Large, out _) == 1 ? one : several;
            tuner.Add(Large * perByte[i % 4] * form * (1 + 0.05 * random.NextDouble()) * (i % 11 == 0 ? 5 : 1), Large);
        }
        Assert.True(tuner.IsSettled);
        Assert.Equal(want, tuner.Panels);
        Assert.Equal(want, tuner.Begin(Large, out long start));
        Assert.Equal(0, start);
    }

    [Fact]
    public void Small_products_teach_nothing()
    {
        var tuner = new StreamTuner();
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(1, tuner.Begin(4096, out long start));
            tuner.End(4096, start);
        }
        Assert.False(tuner.IsSettled);
    }
}
