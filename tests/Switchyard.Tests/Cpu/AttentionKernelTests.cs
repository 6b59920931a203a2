using Switchyard.Backends.Cpu;
using Switchyard.Tensor;
using Switchyard.Tests.PropertyRuns;
using Xunit;

namespace Switchyard.Tests.Cpu;

[Collection(OneAtATime.Name)]
public sealed class AttentionKernelTests
{
    private const int Heads = 6, KvHeads = 2, HeadDim = 72, Length = 53;

    public static TheoryData<Isa, DType> FormsAndCaches
    {
        get
        {
            TheoryData<Isa, DType> data = [];
            foreach (Isa isa in CpuForms.Testable)
            {
                data.Add(isa, DType.F32);
                data.Add(isa, DType.F16);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(FormsAndCaches))]
    public void Tiles_in_place_and_gathered_ones_give_the_same_bits(Isa isa, DType cache)
    {
        float[] direct = Attend(isa, cache, threads: 1, gathered: false);
        CpuForms.AssertSameBits(direct, Attend(isa, cache, threads: 1, gathered: true), "gathered");
        CpuForms.AssertSameBits(direct, Attend(isa, cache, threads: 2, gathered: false), "two threads");
        CpuForms.AssertSameBits(Attend(Isa.Scalar, cache, threads: 1, gathered: false), direct, "scalar");
    }

    [Theory]
    [MemberData(nameof(FormsAndCaches))]
    public void Rows_give_the_same_bits_however_many_come_together(Isa isa, DType cache)
    {
        float[] whole = Attend(isa, cache, threads: 1, gathered: false);
        for (int together = 1; together <= 8; together++) // 3 to 24 queries: batches of every size
            CpuForms.AssertSameBits(whole, Attend(isa, cache, threads: 1, gathered: false, together), $"{together} rows");
    }

    // A whole prompt in one call, or some rows a call; every row sees the rows before it. Where tiles are gathered, layer 1 lends its equal keys and values.
    private static float[] Attend(Isa isa, DType cache, int threads, bool gathered, int together = Length)
    {
        using CpuBackend backend = CpuForms.Create(isa, threads);
        using KvStore kv = backend.AllocateKv(new KvShape(2, 4, KvHeads, HeadDim, cache));
        using Matrix q = backend.Allocate(Length, Heads * HeadDim), k = backend.Allocate(Length, KvHeads * HeadDim);
        using Matrix v = backend.Allocate(Length, KvHeads * HeadDim), y = backend.Allocate(Length, Heads * HeadDim);
        int[] rows = [.. Enumerable.Range(0, Length)];
        backend.Write(q, q.Cols, rows, CpuForms.RandomFloats(Length * q.Cols, 1));
        backend.Write(k, k.Cols, rows, CpuForms.RandomFloats(Length * k.Cols, 2));
        backend.Write(v, v.Cols, rows, CpuForms.RandomFloats(Length * v.Cols, 3));
        var pages = new PageTable();
        foreach (int page in (int[])[2, 0, 3, 1]) pages.Push(page);
        int[] slots = [.. rows.Select(pages.StoreSlot)];
        backend.StoreKv(kv, 0, k, v, slots, rows);
        backend.StoreKv(kv, 1, k, v, slots, rows);
        var plan = new AttentionPlan(Length);
        foreach (int row in rows)
        {
            plan.Root(row, pages, row, row);
            if (gathered) kv.SetSource(0, slots[row], 1);
        }
        foreach (int[] some in rows.Chunk(together)) backend.Attend(q, new AttentionShape(Heads, KvHeads, HeadDim, 0.11f), kv, 0, plan, some, y);
        float[] result = new float[Length * y.Cols];
        backend.Read(y, y.Cols, rows, result);
        return result;
    }
}
