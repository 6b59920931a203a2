using Switchyard.Tensor;

namespace Switchyard.Backends.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <summary>The format whose kernels compute on weights of <paramref name="dtype"/>: itself, or the one its integers are widened to, exactly, when they are uploaded.</summary>
    public static DType KernelFormat(DType dtype) => PanelLayout.For(dtype) == PanelFormat.S8 ? DType.Q8_0 : dtype;

    /// <summary>Bytes that a weight of [<paramref name="rows"/>, <paramref name="cols"/>] takes in panels.</summary>
    public static long WeightBytes(DType dtype, int rows, int cols) => PanelLayout.PanelBytes(PanelLayout.For(dtype), cols) * (PanelLayout.RoundUp(rows) / PanelLayout.Outputs);
}
