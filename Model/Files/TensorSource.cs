using System.Runtime.InteropServices;
using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>A tensor to be written to a file, opened when its turn comes so that only one lies in memory at a time.</summary>
/// <param name="Name">As it will be stored.</param>
/// <param name="DType">As <paramref name="Open"/> will deliver it.</param>
/// <param name="Shape">Outermost first. One dimension for a single row.</param>
/// <param name="Open">Gives the bytes; the writer disposes them.</param>
public sealed record TensorSource(string Name, DType DType, IReadOnlyList<int> Shape, Func<TensorData> Open)
{
    /// <summary>Bytes of the tensor.</summary>
    public long ByteCount
    {
        get
        {
            long rows = 1;
            for (int i = 0; i + 1 < Shape.Count; i++) rows *= Shape[i];
            return checked(rows * DType.RowBytes(Shape.Count == 0 ? 1 : Shape[^1]));
        }
    }

    /// <summary>A float32 tensor of one or two dimensions over a copy of <paramref name="values"/>.</summary>
    public static TensorSource FromFloats(string name, IReadOnlyList<int> shape, ReadOnlySpan<float> values)
    {
        (int rows, int cols) = shape.Count == 1 ? (1, shape[0]) : (shape[0], shape[1]);
        byte[] bytes = MemoryMarshal.AsBytes(values).ToArray();
        return new TensorSource(name, DType.F32, shape, () => new ArrayTensorData(DType.F32, rows, cols, bytes));
    }
}
