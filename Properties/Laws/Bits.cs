namespace Switchyard.Properties;

/// <summary>Comparison of results to the bit; NaNs are all alike.</summary>
internal static class Bits
{
    public static bool Same(float a, float b) =>
        BitConverter.SingleToInt32Bits(a) == BitConverter.SingleToInt32Bits(b) || (float.IsNaN(a) && float.IsNaN(b));

    /// <summary>Held, or where <paramref name="got"/> first differs from <paramref name="want"/>.</summary>
    public static Verdict Compare(float[][] got, float[][] want, string gotName, string wantName)
    {
        for (int row = 0; row < want.Length; row++)
        {
            if (got[row].Length != want[row].Length) return Verdict.Broken($"row {row} has {got[row].Length} numbers {gotName}, {want[row].Length} {wantName}");
            for (int i = 0; i < want[row].Length; i++)
                if (!Same(got[row][i], want[row][i]))
                    return Verdict.Broken($"row {row}, element {i}: {got[row][i]:G9} {gotName}, {want[row][i]:G9} {wantName}");
        }
        return Verdict.Held;
    }

    /// <summary>Held, or where <paramref name="got"/> is further from <paramref name="truth"/> than tolerance · max(1, largest of the row).</summary>
    public static Verdict Close(float[][] got, float[][] truth, double tolerance)
    {
        for (int row = 0; row < truth.Length; row++)
        {
            double scale = truth[row].Where(float.IsFinite).Select(Math.Abs).Append(1).Max();
            for (int i = 0; i < truth[row].Length; i++)
                if (float.IsFinite(truth[row][i]) && !(Math.Abs((double)got[row][i] - truth[row][i]) <= tolerance * scale))
                    return Verdict.Broken($"row {row}, element {i}: {got[row][i]:G9}, in double precision {truth[row][i]:G9}, allowed ±{tolerance * scale:G3}");
        }
        return Verdict.Held;
    }
}
