using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Tensor;
using Xunit;

namespace Switchyard.Tests.Files;

[Collection(PropertyRuns.OneAtATime.Name)]
public sealed class MemoryEstimateTests
{
    private static string Model => Path.Combine(TestPaths.Models, "tales-1m");

    [Fact]
    public void The_parts_are_what_the_shapes_say()
    {
        using ModelFiles files = ModelFiles.Open(Model);
        MemoryEstimate e = MemoryEstimate.Of(files, new LoadOptions { ContextLength = 100 }, new MemoryLoad { Sequences = 3, FreeBytes = 1L << 40 });
        Assert.Equal(files.ByteCount, e.WeightBytes);
        Assert.Equal(3 * 112 * 2 * 4 * 64 * 4, e.CacheBytes); // 112 slots of 64 numbers, twice, over 4 layers, 4 bytes each
        Assert.Equal((100, 512, true), (e.ContextLength, e.LargestContextLength, e.Fits));
        MemoryEstimate q4 = MemoryEstimate.Of(files, new LoadOptions { Quantize = DType.Q4_0 }, new MemoryLoad { CacheType = DType.F16, FreeBytes = 1L << 40 });
        Assert.InRange(q4.WeightBytes, files.ByteCount / 4, files.ByteCount / 2);
        Assert.Equal(512L * 2 * 4 * 64 * 2, q4.CacheBytes);
    }

    [Fact]
    public void The_largest_context_fits_and_one_more_page_does_not()
    {
        using ModelFiles files = ModelFiles.Open(Model);
        long free = files.ByteCount + 2_000_000;
        int largest = MemoryEstimate.Of(files, new LoadOptions(), new MemoryLoad { FreeBytes = free }).LargestContextLength;
        Assert.InRange(largest, 16, 511);
        Assert.True(With(largest).Fits);
        Assert.False(With(largest + KvShape.PageSize).Fits);
        Assert.Equal(0, MemoryEstimate.Of(files, new LoadOptions(), new MemoryLoad { FreeBytes = 1000 }).LargestContextLength);

        MemoryEstimate With(int context) => MemoryEstimate.Of(files, new LoadOptions { ContextLength = context }, new MemoryLoad { FreeBytes = free });
    }

    [Fact]
    public void What_is_loaded_comes_to_the_estimate()
    {
        using ModelFiles files = ModelFiles.Open(Model);
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        using TransformerModel model = ModelLoader.Load(files, backend);
        MemoryEstimate e = MemoryEstimate.Of(files, new LoadOptions());
        Assert.InRange(model.WeightBytes, 0.9 * e.WeightBytes, 1.1 * e.WeightBytes);
        Assert.InRange(e.FreeBytes, 1 << 20, long.MaxValue);
    }

    [Fact]
    public void Contexts_beyond_the_models_reach_are_refused()
    {
        using ModelFiles files = ModelFiles.Open(Model);
        Assert.Contains("512", Assert.Throws<ArgumentException>(() => MemoryEstimate.Of(files, new LoadOptions { ContextLength = 513 })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => MemoryEstimate.Of(files, new LoadOptions { ContextLength = 0 }));
        Assert.Equal(1024, new LoadOptions { ContextLength = 1024 }.ContextLengthFor(files.Config with { RopeScaling = new RopeScaling.Dynamic(2) }));
    }
}
