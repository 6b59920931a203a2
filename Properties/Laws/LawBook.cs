namespace Switchyard.Properties;

/// <summary>Every law by id.</summary>
public static class LawBook
{
    /// <summary>Every law.</summary>
    public static IReadOnlyList<Law> All { get; } = [.. BackendLaws.All, .. ModelLaws.All, .. StrategyLaws.All, .. DrexLaws.All, .. RouterLaws.All, .. AutoLaws.All, .. SamplerLaws.All, .. TextLaws.All];

    /// <summary>The law with an id.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists them.</exception>
    public static Law Get(string id) =>
        All.FirstOrDefault(law => law.Id == id)
        ?? throw new ArgumentException($"There is no law '{id}'. Laws: {string.Join(", ", All.Select(law => law.Id))}.", nameof(id));

    /// <summary>Laws of the given kinds; all of them for none.</summary>
    public static IEnumerable<Law> Of(params LawKind[] kinds) => All.Where(law => kinds.Length == 0 || kinds.Contains(law.Kind));
}
