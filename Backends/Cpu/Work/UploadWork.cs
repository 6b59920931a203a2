using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu.Work;

/// <summary>Packs a tensor into panels, a few panels a chunk.</summary>
internal readonly unsafe struct UploadWork(CpuWeight weight, TensorData data, int panelsPerChunk, byte* rows, long rowStride) : IWork
{
    public void Run(int chunk, int worker)
    {
        Span<byte> row = new(rows + worker * rowStride, (int)data.RowBytes);
        int end = Math.Min(weight.PanelCount, (chunk + 1) * panelsPerChunk);
        for (int panel = chunk * panelsPerChunk; panel < end; panel++)
        {
            for (int lane = 0; lane < PanelLayout.Outputs; lane++)
            {
                int output = panel * PanelLayout.Outputs + lane;
                if (output >= weight.OutDim) break;
                data.ReadRow(output, row);
                if (!PanelLayout.Pack(weight.Format, data.DType, row, weight.InDim, lane, weight.Panel(panel)))
                    throw new InvalidDataException($"Tensor {weight.Name}: row {output} has a {data.DType} block whose scale is infinite or not a number. The file is damaged; get it again.");
            }
        }
    }
}
