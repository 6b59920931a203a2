namespace Switchyard.Properties;

/// <summary>A known mistake that a law must catch: the law's negative control.</summary>
/// <param name="Id">Short and stable, such as <c>siblings-visible</c>.</param>
/// <param name="Sentence">What is done wrong.</param>
/// <param name="Plant">Gives the subject the mistake.</param>
public sealed record PlantedBug(string Id, string Sentence, Func<LawSubject, LawSubject> Plant)
{
    /// <inheritdoc/>
    public override string ToString() => Id;
}
