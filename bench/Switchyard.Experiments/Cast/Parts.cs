namespace Switchyard.Experiments.Cast;

/// <summary>The parts that were asked for; all unless some are named.</summary>
/// <param name="only">Names of parts; empty for all.</param>
/// <param name="log">Told of every part as it begins.</param>
internal sealed class Parts(IReadOnlyList<string> only, TextWriter log)
{
    private readonly long _start = TimeProvider.System.GetTimestamp();

    /// <summary>Names that there are, in the order of the document.</summary>
    public static IReadOnlyList<string> Names { get; } = ["m1", "m2", "m3", "m4", "m5", "lookup", "replay", "bf16", "large-batches", "copying"];

    /// <summary>Whether every part is wanted.</summary>
    public bool All => only.Count == 0;

    /// <summary>What was asked for, as it is spelt.</summary>
    public string Spelling => string.Join(' ', only);

    /// <summary>Whether any of some parts is wanted.</summary>
    public bool Any(params ReadOnlySpan<string> names)
    {
        foreach (string name in names) if (All || only.Contains(name)) return true;
        return false;
    }

    /// <summary>Whether a part is wanted; says that it begins if so.</summary>
    public bool Begin(string name, string title)
    {
        if (!Any(name)) return false;
        log.WriteLine(FormattableString.Invariant($"[{TimeProvider.System.GetElapsedTime(_start).TotalSeconds:F0} s] {title}"));
        return true;
    }
}
