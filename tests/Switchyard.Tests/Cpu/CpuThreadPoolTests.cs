using Switchyard.Backends.Cpu;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Cpu;

[Collection(OneAtATime.Name)]
public sealed class CpuThreadPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_chunk_runs_once_however_often_and_whoever_sleeps(int threads)
    {
        using var pool = new CpuThreadPool(threads);
        int[] counts = new int[37];
        for (int turn = 0; turn < 300; turn++)
        {
            pool.Run(new Counting(counts), turn % 38);
            for (int chunk = 0; chunk < counts.Length; chunk++) Assert.Equal(chunk < turn % 38 ? 1 : 0, counts[chunk]);
            Array.Clear(counts);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_failure_reaches_the_caller_and_leaves_the_pool_usable(int threads)
    {
        using var pool = new CpuThreadPool(threads);
        Assert.Throws<InvalidOperationException>(() => pool.Run(new Failing(), 20));
        int[] counts = new int[20];
        pool.Run(new Counting(counts), 20);
        Assert.All(counts, count => Assert.Equal(1, count));
    }

    private readonly struct Counting(int[] counts) : IWork
    {
        public void Run(int chunk, int worker) => Interlocked.Increment(ref counts[chunk]);
    }

    private readonly struct Failing : IWork
    {
        public void Run(int chunk, int worker)
        {
            if (chunk == 7) throw new InvalidOperationException("Chunk 7 fails.");
        }
    }
}
