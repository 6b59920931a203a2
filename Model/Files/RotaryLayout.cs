using Switchyard.Tensor;

namespace Switchyard.Model.Files;

/// <summary>
/// The order of a head's elements. Hugging Face, and we, turn element i with element i + HeadDim / 2; GGUF files of the llama
/// architecture store queries and keys for turning neighbours 2i and 2i + 1.
/// </summary>
internal static class RotaryLayout
{
    /// <summary>Where the neighbour layout keeps the element that the half-split layout has at <paramref name="index"/>.</summary>
    public static int InNeighbours(int index, int headDim)
    {
        int head = index / headDim, within = index % headDim, half = headDim / 2;
        return head * headDim + (within < half ? 2 * within : 2 * (within - half) + 1);
    }

    /// <summary>Where the half-split layout keeps the element that the neighbour layout has at <paramref name="index"/>.</summary>
    public static int InHalves(int index, int headDim)
    {
        int head = index / headDim, within = index % headDim;
        return head * headDim + within % 2 * (headDim / 2) + within / 2;
    }

    /// <summary>A view of <paramref name="source"/> in the half-split layout; owns it.</summary>
    public static TensorData ToHalves(TensorData source, int headDim) => new ReorderedTensorData(source, headDim, toHalves: true);

    /// <summary>A view of <paramref name="source"/> in the neighbour layout; owns it.</summary>
    public static TensorData ToNeighbours(TensorData source, int headDim) => new ReorderedTensorData(source, headDim, toHalves: false);

    /// <summary>Reorders rows of a projection, or elements of a bias, which is one row.</summary>
    private sealed class ReorderedTensorData(TensorData source, int headDim, bool toHalves) : TensorData(source.DType, source.Rows, source.Cols)
    {
        private int From(int index) => toHalves ? InNeighbours(index, headDim) : InHalves(index, headDim);

        public override void ReadRow(int row, Span<byte> destination)
        {
            if (Rows > 1)
            {
                source.ReadRow(From(row), destination);
                return;
            }
            int size = DType.BlockBytes();
            byte[] bias = new byte[RowBytes];
            source.ReadRow(row, bias);
            for (int i = 0; i < Cols; i++) bias.AsSpan(From(i) * size, size).CopyTo(destination[(i * size)..]);
        }

        protected override void Dispose(bool disposing)
        {
            source.Dispose();
            base.Dispose(disposing);
        }
    }
}
