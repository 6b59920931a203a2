using BenchmarkDotNet.Attributes;
using Switchyard.Backends.Cpu;
using Switchyard.Tensor;

namespace Switchyard.Benchmarks;

/// <summary>The rest of a decode step of llama-1b, one row.</summary>
public class RowBenchmarks
{
    private const int Hidden = 2048, Inner = 8192, Vocabulary = 128256, HeadDim = 64;

    private readonly CpuBackend _backend = new();
    private readonly int[] _rows = [0], _ids = new int[8];
    private readonly float[] _values = new float[8], _logSumExp = new float[1];
    private Matrix _hidden = null!, _normed = null!, _gate = null!, _up = null!, _logits = null!;
    private Weight _gain = null!;
    private RopeTable _rope = null!;

    /// <summary>Allocates.</summary>
    [GlobalSetup]
    public void Setup()
    {
        (_hidden, _normed) = (Filled(Hidden), Filled(Hidden));
        (_gate, _up, _logits) = (Filled(Inner), Filled(Inner), Filled(Vocabulary));
        _gain = _backend.Upload("gain", new RandomTensor(DType.F32, 1, Hidden));
        _rope = _backend.UploadRope(HeadDim, new float[HeadDim / 2], new float[HeadDim / 2]);
    }

    /// <summary>Stops the threads.</summary>
    [GlobalCleanup]
    public void Cleanup() => _backend.Dispose();

    /// <summary>A norm.</summary>
    [Benchmark]
    public void RmsNorm() => _backend.RmsNorm(_hidden, _gain, 1e-5f, _rows, _normed);

    /// <summary>Rotations of 32 heads.</summary>
    [Benchmark]
    public void Rope() => _backend.Rope(_hidden, Hidden, _rope, _rows, _rows);

    /// <summary>The gate.</summary>
    [Benchmark]
    public void SwiGlu() => _backend.SwiGlu(_gate, _up, Inner, _rows);

    /// <summary>The eight best of a vocabulary, and log Σ exp.</summary>
    [Benchmark]
    public void TopK() => _backend.TopK(_logits, Vocabulary, _rows, 8, _ids, _values, _logSumExp);

    private Matrix Filled(int cols)
    {
        Matrix matrix = _backend.Allocate(1, cols);
        var random = new Random(cols);
        _backend.Write(matrix, cols, [0], [.. Enumerable.Range(0, cols).Select(_ => (float)random.NextDouble() - 0.5f)]);
        return matrix;
    }
}
