namespace Switchyard.Properties;

/// <summary>Something that must be true of every subject in every case.</summary>
/// <remarks>Laws are plain functions over generated cases, so that tests, a command line and third parties run the same ones.</remarks>
public abstract class Law
{
    private protected Law(string id, LawKind kind, string sentence, IReadOnlyList<PlantedBug> bugs) =>
        (Id, Kind, Sentence, Bugs) = (id, kind, sentence, bugs);

    /// <summary>Short and stable, such as <c>rows/matmul</c>.</summary>
    public string Id { get; }

    /// <summary>What it is about.</summary>
    public LawKind Kind { get; }

    /// <summary>The law in words.</summary>
    public string Sentence { get; }

    /// <summary>Mistakes that it must catch.</summary>
    public IReadOnlyList<PlantedBug> Bugs { get; }

    /// <summary>Looks for a case in which <paramref name="subject"/> contradicts the law.</summary>
    /// <remarks>A law that throws is broken: the exception is the finding. One thread, the caller's, besides the subject's own.</remarks>
    public abstract LawReport Check(LawSubject subject, LawOptions options);

    /// <inheritdoc/>
    public override string ToString() => Id;
}
