namespace Switchyard.Strategies.SpecRouter;

/// <summary>What a pass of each level of a ladder costs: v_i(w) of T_eff.</summary>
public interface ILevelCosts
{
    /// <summary>Seconds of one pass, choosing and bookkeeping included.</summary>
    /// <param name="level">The level.</param>
    /// <param name="batch">Sequences that share the pass, at least 1.</param>
    /// <param name="context">Tokens that each has cached.</param>
    /// <param name="rows">Rows of each of them, at least 1.</param>
    double Seconds(int level, int batch, int context, int rows);

    /// <summary>Told what a pass really took.</summary>
    void Observe(int level, int batch, int context, double rows, double seconds);

    /// <summary>Called between steps, when no rows are in flight: a moment to measure what is not known yet.</summary>
    void BetweenSteps()
    {
    }

    /// <summary>Measures passes, for as long as it may; by default there is nothing to measure.</summary>
    /// <param name="budget">Time after which no further pass is begun.</param>
    void Calibrate(TimeSpan budget)
    {
    }
}
