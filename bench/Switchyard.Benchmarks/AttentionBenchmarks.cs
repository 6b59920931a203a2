using BenchmarkDotNet.Attributes;
using Switchyard.Backends.Cpu;
using Switchyard.Tensor;

namespace Switchyard.Benchmarks;

/// <summary>Attention of one layer of llama-1b: 32 query and 8 key-value heads of 64.</summary>
public class AttentionBenchmarks
{
    private const int Heads = 32, KvHeads = 8, HeadDim = 64;

    private readonly CpuBackend _backend = new();
    private KvStore _kv = null!;
    private Matrix _q = null!, _y = null!;
    private AttentionPlan _plan = null!;
    private int[] _rows = [];

    /// <summary>Positions that every row sees.</summary>
    [Params(128, 2048)]
    public int Context { get; set; }

    /// <summary>Rows of one sequence in one call.</summary>
    [Params(1, 8, 32)]
    public int Rows { get; set; }

    /// <summary>Format of keys and values.</summary>
    [Params(DType.F32, DType.F16)]
    public DType Cache { get; set; }

    /// <summary>Fills the cache.</summary>
    [GlobalSetup]
    public void Setup()
    {
        int length = Context + Rows;
        var pages = new PageTable();
        for (int page = 0; page * KvShape.PageSize < length; page++) pages.Push(page);
        _kv = _backend.AllocateKv(new KvShape(1, pages.Count, KvHeads, HeadDim, Cache));
        (_q, _y) = (_backend.Allocate(Rows, Heads * HeadDim), _backend.Allocate(Rows, Heads * HeadDim));
        using Matrix kv = _backend.Allocate(1, KvHeads * HeadDim);
        var random = new Random(3);
        for (int slot = 0; slot < length; slot++)
        {
            _backend.Write(kv, kv.Cols, [0], [.. Enumerable.Range(0, kv.Cols).Select(_ => (float)random.NextDouble() - 0.5f)]);
            _backend.StoreKv(_kv, 0, kv, kv, [slot], [0]);
        }
        _plan = new AttentionPlan(Rows);
        _rows = [.. Enumerable.Range(0, Rows)];
        foreach (int row in _rows) _plan.Root(row, pages, Context + row, Context + row);
    }

    /// <summary>Stops the threads.</summary>
    [GlobalCleanup]
    public void Cleanup() => _backend.Dispose();

    /// <summary>y = softmax(q·Kᵀ)·V.</summary>
    [Benchmark]
    public void Attend() => _backend.Attend(_q, new AttentionShape(Heads, KvHeads, HeadDim, 0.125f), _kv, 0, _plan, _rows, _y);
}
