namespace Switchyard.Strategies.Costs;

/// <summary>What the passes of a target and its draft cost on this machine.</summary>
/// <remarks>Answers from tables: cheap enough to be asked for every candidate width of every layer.</remarks>
public interface ICostModel
{
    /// <summary>Seconds of one pass of the target.</summary>
    /// <param name="batch">Requests, at least 1.</param>
    /// <param name="context">Tokens that each of them has cached, at least 0.</param>
    /// <param name="rows">Rows of each of them, at least 1.</param>
    double TargetSeconds(int batch, int context, int rows);

    /// <summary>Seconds of one pass of the draft, likewise.</summary>
    double DraftSeconds(int batch, int context, int rows);

    /// <summary>Measured seconds of a plain step of one request; null while that is only an estimate.</summary>
    double? MeasuredPlainSeconds(int context) => null;

    /// <summary>Told what a pass of the target really took; by default nothing is learned from it.</summary>
    void ObserveTarget(int batch, int context, int rows, double seconds)
    {
    }

    /// <summary>Told what a pass of the draft really took; by default nothing is learned from it.</summary>
    void ObserveDraft(int batch, int context, int rows, double seconds)
    {
    }

    /// <summary>Called between steps, when no rows are in flight: a moment to measure what is not known yet.</summary>
    void BetweenSteps()
    {
    }

    /// <summary>Measures what is not known yet, for as long as it may; by default there is nothing to measure.</summary>
    /// <param name="budget">Time after which no further pass is begun.</param>
    void Calibrate(TimeSpan budget)
    {
    }
}
