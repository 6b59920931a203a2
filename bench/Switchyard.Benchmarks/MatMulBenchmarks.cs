using BenchmarkDotNet.Attributes;
using Switchyard.Backends.Cpu;
using Switchyard.Tensor;

namespace Switchyard.Benchmarks;

/// <summary>One projection of llama-1b's feed-forward block, [8192, 2048], against some rows.</summary>
public class MatMulBenchmarks
{
    private readonly CpuBackend _backend = new();
    private Projection[] _projections = [];
    private Matrix _x = null!, _y = null!;
    private int[] _rows = [];

    /// <summary>Format of the weight.</summary>
    [Params(DType.Q8_0, DType.Q4_0, DType.Q4_K, DType.Q5_K, DType.Q6_K, DType.BF16, DType.F16, DType.F32)]
    public DType Format { get; set; }

    /// <summary>Rows of one call.</summary>
    [Params(1, 2, 4, 8, 16, 64)]
    public int Rows { get; set; }

    /// <summary>Uploads the weight.</summary>
    [GlobalSetup]
    public void Setup()
    {
        const int InDim = 2048, OutDim = 8192;
        (_x, _y) = (_backend.Allocate(Rows, InDim), _backend.Allocate(Rows, OutDim));
        _rows = [.. Enumerable.Range(0, Rows)];
        var random = new Random(2);
        _backend.Write(_x, InDim, _rows, [.. Enumerable.Range(0, Rows * InDim).Select(_ => (float)random.NextDouble() - 0.5f)]);
        _projections = [new Projection(_backend.Upload("w", new RandomTensor(Format, OutDim, InDim)), _y)];
    }

    /// <summary>Stops the threads.</summary>
    [GlobalCleanup]
    public void Cleanup() => _backend.Dispose();

    /// <summary>y = W·x.</summary>
    [Benchmark]
    public void MatMul() => _backend.MatMul(_x, _projections, _rows);
}
