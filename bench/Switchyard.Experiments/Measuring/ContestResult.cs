namespace Switchyard.Experiments.Measuring;

/// <summary>What a contest measured.</summary>
/// <param name="baseline">The first contender.</param>
/// <param name="speeds">Tokens a second of each contender, round by round.</param>
/// <param name="tallies">How drafts fared, of contenders that draft.</param>
internal sealed class ContestResult(string baseline, IReadOnlyDictionary<string, List<double>> speeds, IReadOnlyDictionary<string, DraftTally> tallies)
{
    /// <summary>Median tokens a second.</summary>
    public double this[string name] => Contest.Median(speeds[name]);

    /// <summary>Median over rounds of the speed over the first contender's in the same round: what a slow moment did to both cancels.</summary>
    public double Gain(string name) => Contest.Median(speeds[name].Select((speed, round) => speed / speeds[baseline][round]));

    /// <summary>Tokens a second, round by round.</summary>
    public IReadOnlyList<double> Rounds(string name) => speeds[name];

    /// <summary>How a contender's drafts fared in the rounds that count.</summary>
    public DraftTally Drafts(string name) => tallies[name];
}
