namespace Switchyard.Strategies.Drex;

/// <summary>What a pass through part of the model takes, by rows: t_s, t_d and t_f of the paper are sums of these.</summary>
/// <remarks>
/// Stage i runs the layers from the i-th exit (the embedding for 0) to the next and reads out there. Decisions made from costs
/// change when tokens come, never which, except under <see cref="StayRule.Paper"/>.
/// </remarks>
public interface ISplitCosts
{
    /// <summary>Seconds that <paramref name="rows"/> rows take through a stage, read-out included.</summary>
    /// <param name="stage">0 up to the number of exits.</param>
    /// <param name="rows">At least 0; fractions are means.</param>
    double Seconds(int stage, double rows);

    /// <summary>Told how long a stage took.</summary>
    /// <param name="stage">0 up to the number of exits.</param>
    /// <param name="rows">Rows that ran, prompt rows included.</param>
    /// <param name="seconds">Seconds, read-out included.</param>
    void Record(int stage, int rows, double seconds);
}
