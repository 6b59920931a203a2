namespace Switchyard.Strategies.Cast;

/// <summary>CAST's Algorithm 1 (arXiv:2510.26577): how many items to keep, given what they bring and what they cost.</summary>
public static class MarginalChoice
{
    /// <summary>
    /// Keeps the k items that maximise u_k − C·c_k, ties to the smallest. Equal to the paper's loop over marginal ratios where
    /// costs rise, and right where they stand still or fall.
    /// </summary>
    /// <param name="utilities">Expected accepted tokens with the best 1, 2, … items.</param>
    /// <param name="costs">Cost with 1, 2, … items, likewise.</param>
    /// <param name="threshold">C: tokens that a unit of cost must bring.</param>
    /// <returns>k, from 1; 0 for no items.</returns>
    public static int Keep(ReadOnlySpan<double> utilities, ReadOnlySpan<double> costs, double threshold)
    {
        int best = 0;
        double most = double.NegativeInfinity;
        for (int k = 0; k < utilities.Length; k++)
        {
            double value = utilities[k] - threshold * costs[k];
            if (!(value > most)) continue;
            (best, most) = (k + 1, value);
        }
        return best;
    }
}
