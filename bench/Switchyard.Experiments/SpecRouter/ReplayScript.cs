namespace Switchyard.Experiments.SpecRouter;

/// <summary>What three levels say at every position: the target what it once said, the others the same with known chances.</summary>
/// <remarks>
/// The middle level is right with chance α23. The bottom agrees with it with chance α12 and is right with chance α13 ≤ α12:
/// where the middle is right the bottom is with α13 / α23, where it is wrong the bottom shares its mistake with
/// (α12 − α13) / (1 − α23).
/// </remarks>
/// <param name="recording">What the target said, from the first position after the prompt.</param>
/// <param name="promptLength">Tokens of the prompt.</param>
/// <param name="vocabulary">Tokens there are.</param>
/// <param name="alpha12">Chance that the middle level keeps the bottom's token.</param>
/// <param name="alpha23">Chance that the target keeps the middle's.</param>
/// <param name="alpha13">Chance that the target keeps the bottom's.</param>
internal sealed class ReplayScript(IReadOnlyList<int> recording, int promptLength, int vocabulary, double alpha12, double alpha23, double alpha13)
{
    /// <summary>What a level says at a position of the sequence.</summary>
    public int Says(int level, int position)
    {
        int at = position - promptLength, truth = at >= 0 && at < recording.Count ? recording[at] : position % vocabulary;
        if (level == 2) return truth;
        bool right = Chance(position, 1) < alpha23;
        int middle = right ? truth : (truth + 1) % vocabulary;
        if (level == 1) return middle;
        double agrees = right ? alpha13 / alpha23 : (alpha12 - alpha13) / (1 - alpha23);
        return Chance(position, 2) < agrees ? middle : (truth + 2) % vocabulary;
    }

    private static double Chance(int position, int stream)
    {
        ulong z = (ulong)position * 0x9E3779B97F4A7C15 + (ulong)stream * 0xD1B54A32D192ED03;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return ((z ^ z >> 31) >> 11) * (1.0 / (1UL << 53));
    }
}
