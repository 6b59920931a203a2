namespace Switchyard;

/// <summary>The small models that come with the product: of one vocabulary, so that each may draft for the larger ones.</summary>
internal static class EmbeddedFamily
{
    /// <summary>Names, the smallest first.</summary>
    public static IReadOnlyList<string> Names { get; } = ["tales-0.4m", "tales-1m", "tales-10m"];

    /// <summary>The smaller members that lie beside a member of the family; none for other models.</summary>
    /// <param name="path">The member's folder; null for a model that was not opened from files.</param>
    public static IReadOnlyList<string> SmallerThan(string? path)
    {
        if (path is null) return [];
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), name = Path.GetFileName(full);
        if (!Names.Contains(name) || Path.GetDirectoryName(full) is not { } folder) return [];
        return [.. Names.TakeWhile(other => other != name).Select(other => Path.Combine(folder, other)).Where(other => File.Exists(Path.Combine(other, "config.json")))];
    }
}
