using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>A tensor as a file describes it. Its range has been checked against the file's length.</summary>
/// <param name="Name">As stored.</param>
/// <param name="DType">How the numbers are laid out.</param>
/// <param name="Shape">Outermost first: [out, in] for projections, [n] for norms and biases.</param>
/// <param name="File">The file that holds the bytes.</param>
/// <param name="Offset">Bytes from that file's start.</param>
/// <param name="ByteCount">Bytes of the tensor.</param>
public sealed record WeightEntry(string Name, DType DType, IReadOnlyList<int> Shape, string File, long Offset, long ByteCount)
{
    /// <summary>The shape as text, such as [11008, 4096].</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";

    /// <summary>Numbers in the tensor.</summary>
    public long ElementCount
    {
        get
        {
            long product = 1;
            foreach (int dimension in Shape) product *= dimension;
            return product;
        }
    }
}
