namespace Switchyard.Strategies.Costs;

/// <summary>Costs that are given: one table for each model, one batch size standing for all by total rows. For tests, experiments and replays.</summary>
/// <param name="target">The target's table at batch 1.</param>
/// <param name="draft">The draft's table at batch 1.</param>
public sealed class TableCosts(CostTable target, CostTable draft) : ICostModel
{
    /// <summary>Times that grow by a constant with every row: seconds = <paramref name="perRow"/> · rows + <paramref name="perPass"/>.</summary>
    public static CostTable Affine(double perRow, double perPass, int rows = 64)
    {
        int[] grid = new int[rows];
        double[] seconds = new double[rows];
        for (int i = 0; i < rows; i++) (grid[i], seconds[i]) = (i + 1, perRow * (i + 1) + perPass);
        return new CostTable(1024, grid, seconds);
    }

    /// <inheritdoc/>
    public double TargetSeconds(int batch, int context, int rows) => target.Seconds(context, batch * rows);

    /// <inheritdoc/>
    public double DraftSeconds(int batch, int context, int rows) => draft.Seconds(context, batch * rows);
}
