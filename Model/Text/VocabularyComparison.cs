namespace Switchyard.Model.Text;

/// <summary>How far two vocabularies agree, id by id, in what the tokens mean: their bytes and whether they are special.</summary>
/// <param name="SharedCount">Ids that both have.</param>
/// <param name="DifferenceCount">Shared ids that mean different things.</param>
/// <param name="FirstDifference">The lowest of them.</param>
/// <param name="FirstCount">Ids of the first vocabulary.</param>
/// <param name="SecondCount">Ids of the second vocabulary.</param>
public sealed record VocabularyComparison(int SharedCount, int DifferenceCount, int? FirstDifference, int FirstCount, int SecondCount)
{
    /// <summary>Every shared id means the same, so that a token of one may be given to the other.</summary>
    public bool AgreeWhereShared => DifferenceCount == 0;

    /// <summary>The vocabularies are the same.</summary>
    public bool AreEqual => DifferenceCount == 0 && FirstCount == SecondCount;

    /// <summary>Compares two vocabularies.</summary>
    public static VocabularyComparison Of(ITokenizer first, ITokenizer second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        int shared = Math.Min(first.VocabularySize, second.VocabularySize), differences = 0;
        int? lowest = null;
        for (int id = 0; id < shared; id++)
        {
            if (first.IsSpecial(id) == second.IsSpecial(id) && first.Bytes(id).SequenceEqual(second.Bytes(id))) continue;
            lowest ??= id;
            differences++;
        }
        return new VocabularyComparison(shared, differences, lowest, first.VocabularySize, second.VocabularySize);
    }
}
