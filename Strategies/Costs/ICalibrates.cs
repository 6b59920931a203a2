namespace Switchyard.Strategies.Costs;

/// <summary>A strategy whose choices rest on measured costs, and that can measure them before the first request.</summary>
public interface ICalibrates
{
    /// <summary>Measures what it will want to know, remembering what an earlier run measured; what remains is estimated.</summary>
    /// <param name="budget">Time after which no further pass is begun.</param>
    void Calibrate(TimeSpan budget);
}
