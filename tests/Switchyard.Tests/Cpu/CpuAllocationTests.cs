using Switchyard.Backends.Cpu;
using Switchyard.Tensor;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Cpu;

[Collection(OneAtATime.Name)]
public sealed class CpuAllocationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Operations_after_the_first_allocate_nothing(int threads)
    {
        const int Hidden = 256, Rows = 9;
        using CpuBackend backend = CpuForms.Create(CpuForms.Supported[^1], threads);
        using Weight plain = backend.Upload("a", CpuForms.RandomTensor(DType.BF16, 512, Hidden, 1)), blocks = backend.Upload("b", CpuForms.RandomTensor(DType.Q8_0, 512, Hidden, 2));
        using Weight gain = backend.Upload("g", CpuForms.RandomTensor(DType.F32, 1, Hidden, 3));
        using Matrix x = backend.Allocate(Rows, Hidden), y = backend.Allocate(Rows, 512), z = backend.Allocate(Rows, 512);
        using KvStore kv = backend.AllocateKv(new KvShape(1, 2, 2, 64));
        using RopeTable rope = backend.UploadRope(64, CpuForms.RandomFloats(32 * 32, 4), CpuForms.RandomFloats(32 * 32, 5));
        int[] rows = [.. Enumerable.Range(0, Rows)], ids = new int[Rows * 4];
        Projection[] projections = [new(plain, y), new(blocks, z)];
        float[] values = new float[Rows * 4], sums = new float[Rows];
        var pages = new PageTable();
        pages.Push(1);
        var plan = new AttentionPlan(Rows);
        foreach (int row in rows) plan.Root(row, pages, row, row);
        long least = long.MaxValue;
        // Whatever else the process does may allocate, and so may code that is not yet optimised; steps in the end do not.
        for (int attempt = 0; attempt < 400 && least > 0; attempt++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < 4; i++) Step();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        Assert.Equal(0, least);

        void Step()
        {
            backend.Embed(plain, rows, rows, x);
            backend.RmsNorm(x, gain, 1e-5f, rows, x);
            backend.MatMul(x, projections, rows);
            backend.Rope(y, 128, rope, rows, rows);
            backend.StoreKv(kv, 0, y, z, rows, rows);
            backend.Attend(y, new AttentionShape(4, 2, 64, 0.125f), kv, 0, plan, rows, z);
            backend.SwiGlu(y, z, 512, rows);
            backend.TopK(y, 512, rows, 4, ids, values, sums);
        }
    }
}
