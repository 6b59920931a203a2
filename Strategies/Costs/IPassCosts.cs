using Switchyard.Model;

namespace Switchyard.Strategies.Costs;

/// <summary>What the passes of one model cost on this machine.</summary>
public interface IPassCosts
{
    /// <summary>Seconds of one pass.</summary>
    /// <param name="layers">The layers run; the read-out counts where they end with the last.</param>
    /// <param name="batch">Requests, at least 1.</param>
    /// <param name="context">Tokens that each of them has cached, at least 0.</param>
    /// <param name="rows">Rows of each of them, at least 1.</param>
    double Seconds(LayerRange layers, int batch, int context, int rows);

    /// <summary>Measured seconds of a pass of one row of one request; null while that is only an estimate.</summary>
    double? MeasuredSeconds(LayerRange layers, int context) => null;

    /// <summary>Told what a pass really took.</summary>
    void Observe(LayerRange layers, int batch, int context, int rows, double seconds);

    /// <summary>Called between steps, when no rows are in flight: a moment to measure what is not known yet.</summary>
    void BetweenSteps()
    {
    }

    /// <summary>Measures passes over <paramref name="layers"/>, for as long as it may; by default there is nothing to measure.</summary>
    /// <param name="layers">The layers.</param>
    /// <param name="budget">Time after which no further pass is begun.</param>
    void Calibrate(LayerRange layers, TimeSpan budget)
    {
    }
}
