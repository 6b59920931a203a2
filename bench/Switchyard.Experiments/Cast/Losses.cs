namespace Switchyard.Experiments.Cast;

/// <summary>Says where something lost, so that no table needs to be searched for it.</summary>
internal static class Losses
{
    /// <summary>One sentence about the last two contenders, CAST's forms: below plain decoding, or below a fixed form.</summary>
    public static FormattableString Sentence(int[] batches, string[] names, List<double[]> gains)
    {
        var found = new List<string>();
        for (int i = 0; i < batches.Length; i++)
        {
            double[] of = gains[i];
            double cast = Math.Max(of[^1], of[^2]);
            int best = Array.IndexOf(of, of[..^2].Max());
            if (cast < 1) found.Add(FormattableString.Invariant($"at batch {batches[i]} CAST is slower than plain decoding ({cast:F2})"));
            if (cast < 0.97 * of[best]) found.Add(FormattableString.Invariant($"at batch {batches[i]} '{names[best]}' is faster ({of[best]:F2} against {cast:F2})"));
        }
        string text = found.Count == 0 ? "CAST loses to none of them by more than 3 %." : $"Where CAST loses: {string.Join("; ", found)}.";
        return $"{text}";
    }
}
