using System.Diagnostics.CodeAnalysis;
using System.Runtime.Intrinsics.X86;
using Switchyard.Backends.Cpu.Kernels;
using Switchyard.Backends.Cpu.Work;
using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu;

/// <summary>The processor: kernels in the widest form it has, on fixed threads.</summary>
/// <remarks>Results depend neither on the threads nor on the form (docs/numerics.md). Steps after the first allocate nothing.</remarks>
public sealed unsafe partial class CpuBackend : IBackend
{
    private const int SerialBytes = 96 * 1024; // work that reads less than this is done sooner than other threads are told of it

    private readonly CpuThreadPool _pool;
    private readonly KernelTable _kernels;
    private readonly Scratch _quantized = new(), _pointers = new(), _sums = new(), _tasks = new(), _chunks = new(), _attention = new(), _groups = new();

    /// <summary>Starts the threads.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A negative number of threads.</exception>
    /// <exception cref="PlatformNotSupportedException">The processor lacks the form of kernels that was asked for.</exception>
    public CpuBackend(CpuOptions? options = null)
        : this(options ?? new CpuOptions(), anyForm: false)
    {
    }

    /// <param name="options">Threads and form.</param>
    /// <param name="anyForm">Runs AVX-512 and AVX-VNNI kernels in narrower vectors if need be, slowly: for tests on machines that have AVX2 alone.</param>
    /// <param name="dotProducts">False keeps AVX-512 from using AVX-VNNI, true makes it: for the same tests. Null goes by the processor.</param>
    internal CpuBackend(CpuOptions options, bool anyForm, bool? dotProducts = null)
    {
        if (options.Threads is < 0 or > CpuOptions.MaxThreads)
            throw new ArgumentOutOfRangeException(nameof(options), $"{options.Threads} threads are not supported; give 1 … {CpuOptions.MaxThreads}, or 0 for one per processor.");
        Isa best = KernelTable.Best(), isa = options.Isa ?? best;
        if (!KernelTable.Supports(isa) && !(anyForm && KernelTable.Supports(Isa.Avx2)))
            throw new PlatformNotSupportedException($"This processor has no {isa} kernels; its best are {best}. Leave CpuOptions.Isa null to use those.");
        _kernels = new KernelTable(isa, dotProducts ?? AvxVnni.IsSupported);
        _pool = new CpuThreadPool(options.Threads == 0 ? Math.Min(Environment.ProcessorCount, CpuOptions.MaxThreads) : options.Threads);
    }

    /// <inheritdoc/>
    public string Name => $"cpu-{_kernels.Isa.ToString().ToLowerInvariant()}";

    internal CpuThreadPool Pool => _pool;

    /// <summary>True if this processor can run kernels of a form.</summary>
    public static bool Supports(Isa isa) => KernelTable.Supports(isa);

    /// <summary>The form of kernels in use.</summary>
    public Isa Isa => _kernels.Isa;

    /// <inheritdoc/>
    public int Threads => _pool.Threads;

    /// <inheritdoc/>
    public BackendCounters Counters { get; } = new();

    /// <inheritdoc/>
    public Matrix Allocate(int rows, int cols)
    {
        if (rows <= 0 || cols <= 0) throw new ShapeException($"Allocate: a matrix needs positive dimensions; got [{rows}, {cols}].");
        return new CpuMatrix(this, rows, cols);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">A block format's scale is infinite or not a number.</exception>
    public Weight Upload(string name, TensorData data)
    {
        using TensorData source = data;
        if (TryUpload(name, data, data.DType, PanelLayout.For(data.DType), out CpuWeight? weight)) return weight;
        // Kernels widen halves by a multiplication that only finite ones survive; the wider format has the same values and sums.
        if (data.DType == DType.F16 && TryUpload(name, data, DType.F32, PanelFormat.F32, out weight)) return weight;
        throw new InvalidDataException(
            $"Tensor {name}: a {data.DType} block has a scale that is infinite or not a number. The file is damaged; get it again.");
    }

    /// <inheritdoc/>
    public RopeTable UploadRope(int headDim, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines)
    {
        if (headDim <= 0 || headDim % 2 != 0 || cosines.Length != sines.Length || cosines.Length % (headDim / 2) != 0)
            throw new ShapeException($"UploadRope: {cosines.Length} cosines and {sines.Length} sines are not [positions, {headDim} / 2] each.");
        return new CpuRopeTable(this, headDim, cosines, sines);
    }

    /// <inheritdoc/>
    public KvStore AllocateKv(KvShape shape)
    {
        if (shape.DType is not (DType.F32 or DType.F16)) throw new NotSupportedException($"AllocateKv: {shape.DType} is not supported; supported are F32 and F16.");
        if (shape.Layers <= 0 || shape.Pages <= 0 || shape.KvHeads <= 0 || shape.HeadDim <= 0)
            throw new ShapeException($"AllocateKv: every dimension must be positive; got {shape}.");
        return new CpuKvStore(this, shape);
    }

    /// <summary>Stops the threads. Handles stay valid until they are disposed.</summary>
    public void Dispose()
    {
        _pool.Dispose();
        foreach (Scratch scratch in (ReadOnlySpan<Scratch>)[_quantized, _pointers, _sums, _tasks, _chunks, _attention, _groups]) scratch.Dispose();
    }

    private bool TryUpload(string name, TensorData data, DType dtype, PanelFormat format, [NotNullWhen(true)] out CpuWeight? weight)
    {
        weight = new CpuWeight(this, name, dtype, format, data.Rows, data.Cols, TunersOf(format, data.Rows, data.Cols));
        try
        {
            bool finite = Pack(weight, data);
            if (finite && weight.Vector is not null) PanelLayout.ReadRow(format, weight.Panel(0), data.Cols, 0, weight.Vector);
            if (finite) return true;
        }
        catch
        {
            weight.Dispose();
            throw;
        }
        weight.Dispose();
        weight = null;
        return false;
    }

    private bool Pack(CpuWeight weight, TensorData data)
    {
        int notFinite = 0, panelsPerChunk = (int)Math.Clamp(256 * 1024 / weight.PanelBytes, 1, 64);
        long stride = (data.RowBytes + 63) & ~63L;
        using AlignedMemory<byte> rows = new(stride * (PanelLayout.Outputs + 1) * Threads);
        UploadWork work = new()
        {
            Weight = weight, Data = data, PanelsPerChunk = panelsPerChunk, Rows = rows.Pointer, RowStride = stride, NotFinite = &notFinite,
        };
        _pool.Run(work, (weight.PanelCount + panelsPerChunk - 1) / panelsPerChunk);
        return notFinite == 0;
    }

    private void Run<T>(in T work, int chunks, long bytes)
        where T : struct, IWork
    {
        if (bytes < SerialBytes)
        {
            T local = work;
            for (int chunk = 0; chunk < chunks; chunk++) local.Run(chunk, 0);
            return;
        }
        _pool.Run(work, chunks);
    }

    private CpuMatrix Own(Matrix matrix) =>
        matrix is CpuMatrix own && own.Owner == this && !own.IsDisposed ? own : throw Foreign("matrix", matrix is CpuMatrix { IsDisposed: true });

    private CpuWeight Own(Weight weight) =>
        weight is CpuWeight own && own.Owner == this && !own.IsDisposed ? own : throw Foreign($"weight {weight?.Name}", weight is CpuWeight { IsDisposed: true });

    private CpuRopeTable Own(RopeTable table) =>
        table is CpuRopeTable own && own.Owner == this && !own.IsDisposed ? own : throw Foreign("rotation table", table is CpuRopeTable { IsDisposed: true });

    private CpuKvStore Own(KvStore kv) =>
        kv is CpuKvStore own && own.Owner == this && !own.IsDisposed ? own : throw Foreign("key and value store", kv is CpuKvStore { IsDisposed: true });

    private static ArgumentException Foreign(string what, bool disposed) =>
        new(disposed ? $"The {what} has been disposed." : $"The {what} belongs to another backend; make it with this one.");

    private static void CheckRows(string operation, ReadOnlySpan<int> rows, Matrix matrix)
    {
        foreach (int row in rows)
            if ((uint)row >= (uint)matrix.Rows) throw new ShapeException($"{operation}: row {row} is not in a matrix [{matrix.Rows}, {matrix.Cols}].");
    }

    private static void CheckIndexed(string operation, string what, ReadOnlySpan<int> values, ReadOnlySpan<int> rows, int limit)
    {
        foreach (int row in rows)
        {
            if ((uint)row >= (uint)values.Length) throw new ShapeException($"{operation}: row {row} has no {what}; {values.Length} are given.");
            if ((uint)values[row] >= (uint)limit) throw new ShapeException($"{operation}: {what} {values[row]} of row {row} is not below {limit}.");
        }
    }

    private static void CheckCols(string operation, Matrix matrix, int cols)
    {
        if (cols < 0 || cols > matrix.Cols) throw new ShapeException($"{operation}: {cols} columns are asked of a matrix [{matrix.Rows}, {matrix.Cols}].");
    }
}
