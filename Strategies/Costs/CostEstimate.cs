using Switchyard.Model;

namespace Switchyard.Strategies.Costs;

/// <summary>What a pass may cost before anything is measured: weights read once, arithmetic for every row. Only ratios matter.</summary>
/// <remarks>
/// As on two cores of a server, where eight rows of a byte a weight cost some two passes of one. A guess that rows are dearer than
/// they are would keep those who choose by it from long drafts, and so from finding out.
/// </remarks>
public static class CostEstimate
{
    private const double BytesPerSecond = 20e9, OperationsPerSecond = 250e9;

    /// <summary>A guess at the seconds of a pass.</summary>
    /// <param name="model">The model.</param>
    /// <param name="layers">Layers run.</param>
    /// <param name="context">Tokens that each row attends to.</param>
    /// <param name="rows">Rows in all.</param>
    public static double Seconds(TransformerModel model, LayerRange layers, int context, int rows)
    {
        ArgumentNullException.ThrowIfNull(model);
        ModelConfig c = model.Config;
        double part = (double)layers.Count / c.LayerCount, head = (double)c.VocabSize * c.HiddenSize;
        double weights = c.BlockWeightCount * part + head;
        double bytes = (double)model.WeightBytes / (c.BlockWeightCount + head) * weights;
        double attention = 4.0 * c.QueryDim * context * layers.Count;
        return 1e-6 + bytes / BytesPerSecond + rows * (2 * weights + attention) / OperationsPerSecond;
    }
}
