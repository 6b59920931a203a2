using Switchyard.Backends.Cpu.Kernels;
using Switchyard.Backends.Cpu.Work;
using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu;

public sealed unsafe partial class CpuBackend
{
    private const int SmallBytes = 1 << 20;
    private const int MostStreamRows = 8; // what is done in two tiles at most
    private const int MostTogether = 3; // projections of a product that are told apart

    private readonly Dictionary<(PanelFormat, int, int), StreamTuner[]> _tuners = [];

    /// <summary>Panels that tiles go over together; null for what turns out to be fastest.</summary>
    internal int? StreamPanels { get; set; }

    /// <inheritdoc/>
    public void MatMul(Matrix x, ReadOnlySpan<Projection> projections, ReadOnlySpan<int> rows, bool accumulate = false)
    {
        CpuMatrix from = Own(x);
        CheckRows("MatMul", rows, from);
        if (rows.IsEmpty || projections.IsEmpty) return;
        ProjectionTask* tasks = _tasks.Get<ProjectionTask>(projections.Length);
        (int inDim, long bytes, bool blocks, int tileRows) = Prepare(from, projections, rows, tasks);
        StreamTuner? tuner = StreamPanels is null && rows.Length <= MostStreamRows ? TunerOf(Own(projections[0].Weight), projections.Length, rows.Length) : null;
        long start = 0;
        MatMulWork work = new()
        {
            Tasks = tasks,
            Chunks = _chunks.Get<PanelRange>(MostChunks(tasks, projections.Length)),
            RowCount = rows.Length,
            X = RowPointers(from, rows),
            Sums = _sums.Get<float>((long)Threads * PanelCall.SumCount),
            TileRows = tileRows,
            StreamPanels = tuner?.Begin(rows.Length, out start) ?? StreamPanels ?? 1,
            Accumulate = accumulate,
        };
        if (blocks) work.Quantized = Quantize(work.X, rows.Length, inDim, tileRows);
        fixed (int* indices = rows)
        {
            work.Rows = indices;
            (work.ChunkCount, work.Workers) = (Divide(tasks, projections.Length, bytes, rows.Length, work.Chunks), Threads);
            Run(work, work.ChunkCount, bytes * Math.Max(1, rows.Length / 4));
        }
        tuner?.End(start);
    }

    // By rows and projections of a product: all weights of one shape share what was found out, and all row counts whose chains are alike.
    private StreamTuner[] TunersOf(PanelFormat format, int outDim, int inDim)
    {
        lock (_tuners)
        {
            if (_tuners.TryGetValue((format, outDim, inDim), out StreamTuner[]? known)) return known;
            StreamTuner[] tuners = new StreamTuner[MostStreamRows * MostTogether];
            for (int i = 0; i < tuners.Length; i++)
                tuners[i] = i < MostTogether || format.IsPlain() ? new StreamTuner(StreamForms(format, 1 + i / MostTogether)) : tuners[i - MostTogether];
            _tuners.Add((format, outDim, inDim), tuners);
            return tuners;
        }
    }

    private static StreamTuner TunerOf(CpuWeight first, int projections, int rows) => first.Tuners[(rows - 1) * MostTogether + Math.Min(projections, MostTogether) - 1];

    private static int[] StreamForms(PanelFormat format, int rows) => !format.IsPlain() ? [1, PanelCall.MaxPanels] : rows > PanelCall.MostPlainStreamRows ? [PanelCall.MaxPanels] : [1, 2, PanelCall.MaxPanels];

    // Projections of one product share the activations and with them the tiles: the smallest that any of their kernels wants.
    private (int InDim, long Bytes, bool Blocks, int TileRows) Prepare(CpuMatrix x, ReadOnlySpan<Projection> projections, ReadOnlySpan<int> rows, ProjectionTask* tasks)
    {
        int inDim = projections[0].Weight.InDim;
        long bytes = 0;
        bool blocks = false;
        int tileRows = PanelCall.MaxRows;
        for (int i = 0; i < projections.Length; i++)
        {
            CpuWeight weight = Check(x, projections[i], rows, inDim);
            CpuMatrix y = Own(projections[i].Output);
            tasks[i] = new ProjectionTask
            {
                Kernel = _kernels.Panel(weight.Format),
                Panels = weight.Panel(0),
                PanelBytes = weight.PanelBytes,
                PanelCount = weight.PanelCount,
                OutDim = weight.OutDim,
                InDim = inDim,
                Bias = projections[i].Bias is { } bias ? Own(bias).Vector : null,
                Y = y.Row(0),
                YStride = y.Stride,
            };
            bytes += weight.PanelCount * weight.PanelBytes;
            blocks |= !weight.Format.IsPlain();
            tileRows = Math.Min(tileRows, _kernels.TileRows(weight.Format));
        }
        return (inDim, bytes, blocks, tileRows);
    }

    private static int MostChunks(ProjectionTask* tasks, int count)
    {
        int panels = 0;
        for (int i = 0; i < count; i++) panels += tasks[i].PanelCount;
        return panels;
    }

    // Chunks shrink towards the end: long ones stream memory best, and short last ones let all threads finish together. They are whole
    // groups of panels that a call goes over together, but for the last. Where blocks of rows pass by, a chunk should stay in the cache
    // meanwhile; still it has a group, over which the blocks' activations, which are larger, are read once.
    private int Divide(ProjectionTask* tasks, int count, long bytes, int rows, PanelRange* chunks)
    {
        bool stays = rows > PanelCall.MaxRows;
        long most = stays ? 192 * 1024 : 1024 * 1024, mostGroup = stays ? 640 * 1024 : 1024 * 1024;
        // A chunk costs about as much to hand out as it takes to read some kilobytes: a small product has few.
        int chunk = 0, parts = bytes < SmallBytes ? Threads : 2 * Threads;
        for (int i = 0; i < count; i++)
        {
            for (int start = 0; start < tasks[i].PanelCount; chunk++)
            {
                long size = tasks[i].PanelBytes, group = PanelCall.MaxPanels * size;
                long target = Math.Clamp(bytes / parts, 32 * 1024, group <= mostGroup ? Math.Max(most, group) : most);
                if (target < group && group <= mostGroup && bytes > 2 * Threads * group) target = group;
                if (target > group) target -= target % group;
                int panels = (int)Math.Clamp(target / size, 1, tasks[i].PanelCount - start);
                chunks[chunk] = new PanelRange { Task = i, Start = start, Count = panels };
                start += panels;
                bytes -= panels * tasks[i].PanelBytes;
            }
        }
        return chunk;
    }

    private CpuWeight Check(CpuMatrix x, Projection projection, ReadOnlySpan<int> rows, int inDim)
    {
        CpuWeight weight = Own(projection.Weight);
        CpuMatrix y = Own(projection.Output);
        if (weight.InDim > x.Cols || weight.InDim != inDim)
            throw new ShapeException($"MatMul: x is [{x.Rows}, {x.Cols}], {weight.Name} is [{weight.OutDim}, {weight.InDim}]; x needs at least {weight.InDim} columns, and all weights the same inputs ({inDim}).");
        if (weight.OutDim > y.Cols)
            throw new ShapeException($"MatMul: {weight.Name} has {weight.OutDim} outputs, y is [{y.Rows}, {y.Cols}]; y needs at least {weight.OutDim} columns.");
        if (y == x) throw new ArgumentException($"MatMul: the output of {weight.Name} is x itself; it must be another matrix.", nameof(projection));
        CheckRows("MatMul", rows, y);
        if (projection.Bias is { } bias && (bias.OutDim != 1 || bias.InDim != weight.OutDim))
            throw new ShapeException($"MatMul: bias {bias.Name} is [{bias.OutDim}, {bias.InDim}]; {weight.Name} needs [1, {weight.OutDim}].");
        return weight;
    }

    private float** RowPointers(CpuMatrix x, ReadOnlySpan<int> rows)
    {
        float** pointers = (float**)_pointers.Get<nint>(rows.Length);
        for (int i = 0; i < rows.Length; i++) pointers[i] = x.Row(rows[i]);
        return pointers;
    }

    private QuantizedRows Quantize(float** x, int rows, int inDim, int tileRows)
    {
        long elements = (long)rows * inDim, blocks = elements / PanelLayout.Block;
        byte* memory = _quantized.Get<byte>(elements + 20 * blocks);
        QuantizedRows quantized = new() { Q = (sbyte*)memory };
        quantized.Scale = (float*)(quantized.Q + elements);
        quantized.ScaledSum = quantized.Scale + blocks;
        quantized.HalfSums = (int*)(quantized.ScaledSum + blocks);
        quantized.NibbleOffsets = quantized.HalfSums + blocks;
        quantized.ByteOffsets = quantized.NibbleOffsets + blocks;
        QuantizeWork work = new(_kernels, tileRows, x, rows, inDim, quantized);
        Run(work, work.Chunks, 4 * elements);
        return quantized;
    }
}
