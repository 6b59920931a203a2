using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu.Work;

/// <summary>Packs a tensor into panels, some panels a chunk.</summary>
internal unsafe struct UploadWork : IWork
{
    public CpuWeight Weight;
    public TensorData Data;
    public int PanelsPerChunk;

    /// <summary>For each worker sixteen rows and one of zeros, [17, RowStride].</summary>
    public byte* Rows;

    public long RowStride;

    /// <summary>Set to 1 if a scale, or a number of F16, is infinite or not a number.</summary>
    public int* NotFinite;

    public readonly void Run(int chunk, int worker)
    {
        byte** rows = stackalloc byte*[PanelLayout.Outputs];
        byte* own = Rows + worker * RowStride * (PanelLayout.Outputs + 1);
        int end = Math.Min(Weight.PanelCount, (chunk + 1) * PanelsPerChunk);
        for (int panel = chunk * PanelsPerChunk; panel < end; panel++)
        {
            for (int lane = 0; lane < PanelLayout.Outputs; lane++)
            {
                int output = panel * PanelLayout.Outputs + lane;
                rows[lane] = own + (output < Weight.OutDim ? lane : PanelLayout.Outputs) * RowStride;
                if (output < Weight.OutDim) Data.ReadRow(output, new Span<byte>(rows[lane], (int)Data.RowBytes));
            }
            if (!PanelPacking.Pack(Weight.Format, Data.DType, rows, Weight.InDim, Weight.Panel(panel))) *NotFinite = 1;
        }
    }
}
