using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Switchyard.Backends.Cpu.Kernels;

namespace Switchyard.Backends.Cpu.Work;

/// <summary>
/// A matrix product for several projections of the same rows, some panels of one projection a chunk: the panels of a chunk stay in the
/// processor's cache while blocks of rows pass by, so that every weight is read from memory once.
/// </summary>
internal unsafe struct MatMulWork : IWork
{
    public ProjectionTask* Tasks;
    public PanelRange* Chunks;
    public int* Rows;
    public int RowCount;
    public float** X;
    public QuantizedRows Quantized;

    /// <summary>For each worker <see cref="PanelCall.SumCount"/>.</summary>
    public float* Sums;

    /// <summary><see cref="PanelCall.TileRows"/>.</summary>
    public int TileRows;

    /// <summary><see cref="PanelCall.StreamPanels"/>.</summary>
    public int StreamPanels;

    /// <summary>Chunks in all, and how many are under way at a time: a worker's next one is so much further on, as a rule.</summary>
    public int ChunkCount, Workers;

    public bool Accumulate;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(int chunk, int worker)
    {
        PanelRange range = Chunks[chunk];
        ProjectionTask* task = Tasks + range.Task;
        int panel = range.Start, end = panel + range.Count;
        PanelCall call = new() { InDim = task->InDim, PanelBytes = task->PanelBytes, TileRows = TileRows, StreamPanels = StreamPanels, WordOnes = 0x00010001, AllBits = -1, SignBits = unchecked((int)0x80808080), NibbleMask = 0x0F0F0F0F, Sums = Sums + worker * PanelCall.SumCount };
        byte* next = Next(chunk);
        for (int row = 0; row < RowCount; row += PanelCall.MaxRows)
        {
            bool isLast = row + PanelCall.MaxRows >= RowCount;
            call.Rows = Math.Min(PanelCall.MaxRows, RowCount - row);
            call.X = X + row;
            call.Quantized = Quantized.From(row, task->InDim);
            for (int p = panel; p < end; p += call.Panels)
            {
                call.Panels = Math.Min(PanelCall.MaxPanels, end - p);
                call.Panel = task->Panels + p * task->PanelBytes;
                call.Following = p + call.Panels < end ? call.Panel + call.Panels * task->PanelBytes : isLast ? next : task->Panels + panel * task->PanelBytes;
                task->Kernel(&call);
                for (int i = 0; i < call.Panels; i++) Finish(task, (p + i) * PanelLayout.Outputs, row, call.Rows, call.SumsOf(i, 0));
            }
        }
    }

    private readonly byte* Next(int chunk)
    {
        int next = Math.Min(chunk + Workers, ChunkCount - 1);
        ProjectionTask* task = Tasks + Chunks[next].Task;
        return task->Panels + Chunks[next].Start * task->PanelBytes;
    }

    private readonly void Finish(ProjectionTask* task, int output, int row, int rows, float* sums)
    {
        float* y = task->Y + output, bias = task->Bias is null ? null : task->Bias + output;
        int count = Math.Min(PanelLayout.Outputs, task->OutDim - output);
        for (int i = 0; i < rows; i++, sums += PanelCall.SumStride)
        {
            float* to = y + (long)Rows[row + i] * task->YStride;
            if (count == PanelLayout.Outputs)
            {
                Finish(to, bias, sums);
                Finish(to + 8, bias is null ? null : bias + 8, sums + 8);
                continue;
            }
            for (int o = 0; o < count; o++)
            {
                float sum = bias is null ? sums[o] : sums[o] + bias[o];
                to[o] = Accumulate ? to[o] + sum : sum;
            }
        }
    }

    private readonly void Finish(float* to, float* bias, float* sums)
    {
        Vector256<float> sum = Vector256.Load(sums);
        if (bias is not null) sum += Vector256.Load(bias);
        if (Accumulate) sum = Vector256.Load(to) + sum;
        sum.Store(to);
    }
}
