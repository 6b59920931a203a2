using System.Diagnostics;
using System.Runtime.Intrinsics;
using Switchyard.Backends.Cpu.Kernels;
using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu;

/// <summary>Measures what this machine can do with a backend's threads: what kernels are held against.</summary>
/// <remarks>Every figure is one short run; take medians of runs interleaved with what they are compared to.</remarks>
public sealed unsafe class LimitsProbe : IDisposable
{
    private const int Turns = 400_000; // some 10 to 30 ms of arithmetic

    private readonly CpuBackend _backend;
    private readonly AlignedMemory<byte> _buffer;
    private readonly AlignedMemory<long> _results;

    /// <summary>Fills a buffer of <paramref name="bytes"/>, which should be far larger than the last-level cache.</summary>
    public LimitsProbe(CpuBackend backend, long bytes = 1L << 30)
    {
        _backend = backend;
        _buffer = new AlignedMemory<byte>((bytes + ReadWork.Piece - 1) / ReadWork.Piece * ReadWork.Piece);
        _results = new AlignedMemory<long>(8 * backend.Threads);
        Pool.Run(new FillWork { Buffer = _buffer.Pointer }, (int)(_buffer.ByteCount / ReadWork.Piece));
        Arithmetic(1000);
    }

    private CpuThreadPool Pool => _backend.Pool;

    /// <summary>10⁹ bytes a second of reading memory with all threads.</summary>
    public double MemoryReadGBs()
    {
        long start = Stopwatch.GetTimestamp();
        Pool.Run(new ReadWork { Buffer = _buffer.Pointer, Results = _results.Pointer }, (int)(_buffer.ByteCount / ReadWork.Piece));
        return _buffer.ByteCount / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
    }

    /// <summary>10⁹ 8-bit multiplications and additions a second (two a product) with all threads and the widest instructions.</summary>
    public double Int8Gops() => Rate(PeakWork.Kind.Int8, Turns);

    /// <summary>10⁹ float32 multiplications and additions a second (two a product) with all threads and the widest instructions.</summary>
    public double Fp32Gflops() => Rate(PeakWork.Kind.Fp32, Turns);

    /// <inheritdoc/>
    public void Dispose()
    {
        _buffer.Dispose();
        _results.Dispose();
    }

    // Runs every loop until the compiler has its final code, so that the first figure is as good as the next.
    private void Arithmetic(int turns)
    {
        for (int i = 0; i < 60; i++)
        {
            Rate(PeakWork.Kind.Int8, turns);
            Rate(PeakWork.Kind.Fp32, turns);
        }
    }

    private double Rate(PeakWork.Kind kind, int turns)
    {
        int chunks = 4 * _backend.Threads; // more than threads, so that a busy core takes fewer
        long start = Stopwatch.GetTimestamp();
        Pool.Run(new PeakWork { What = kind, Isa = _backend.Isa, Turns = turns / 4, Results = _results.Pointer }, chunks);
        double operations = 2.0 * PeakLoops.Products(kind, _backend.Isa) * (turns / 4) * chunks;
        return operations / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
    }

    private struct FillWork : IWork
    {
        public byte* Buffer;

        public readonly void Run(int chunk, int worker) => new Span<byte>(Buffer + (long)chunk * ReadWork.Piece, ReadWork.Piece).Fill(1);
    }

    private struct ReadWork : IWork
    {
        public const int Piece = 1 << 20;

        public byte* Buffer;
        public long* Results;

        public readonly void Run(int chunk, int worker)
        {
            byte* at = Buffer + (long)chunk * Piece;
            Vector256<long> a = default, b = default, c = default, d = default;
            for (int i = 0; i < Piece; i += 128)
            {
                a += Vector256.Load((long*)(at + i));
                b += Vector256.Load((long*)(at + i + 32));
                c += Vector256.Load((long*)(at + i + 64));
                d += Vector256.Load((long*)(at + i + 96));
            }
            Results[8 * worker] += Vector256.Sum(a + b + c + d);
        }
    }
}
