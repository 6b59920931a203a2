using System.Globalization;
using System.Text;
using Switchyard.Model.Text;

namespace Switchyard.Strategies.Speculation;

/// <summary>
/// Whether a draft's token ids mean what the target's mean, by content: bytes and special flag of every id. Needs tokenizers
/// alone, so that an unfit draft is refused before its weights are loaded.
/// </summary>
/// <param name="TargetCount">Ids of the target's vocabulary.</param>
/// <param name="DraftCount">Ids of the draft's vocabulary; either may be padded further in the weights.</param>
/// <param name="Differing">Ids below both counts whose content differs.</param>
/// <param name="FirstDifference">The first such id; −1 if there is none.</param>
public sealed record VocabularyCheck(int TargetCount, int DraftCount, int Differing, int FirstDifference)
{
    private string _first = "";

    /// <summary>Whether drafts can be checked token by token. Ids that one side lacks do no harm: they are never proposed or never accepted.</summary>
    public bool Fits => Differing == 0;

    /// <summary>Compares two vocabularies.</summary>
    public static VocabularyCheck Compare(ITokenizer target, ITokenizer draft)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(draft);
        int common = Math.Min(target.VocabularySize, draft.VocabularySize), differing = 0, first = -1;
        if (target.Fingerprint == draft.Fingerprint) return new(target.VocabularySize, draft.VocabularySize, 0, -1);
        for (int id = 0; id < common; id++)
        {
            if (SameToken(target, draft, id)) continue;
            if (differing++ == 0) first = id;
        }
        return new(target.VocabularySize, draft.VocabularySize, differing, first)
        {
            _first = first < 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"id {first} is {Show(target, first)} there and {Show(draft, first)} here"),
        };
    }

    /// <summary>Refuses a draft that does not fit.</summary>
    /// <param name="target">What messages call the target.</param>
    /// <param name="draft">What messages call the draft.</param>
    /// <exception cref="VocabularyException">Token ids differ; says how many and which first.</exception>
    public void ThrowUnlessFits(string target, string draft)
    {
        if (Fits) return;
        throw new VocabularyException(string.Create(CultureInfo.InvariantCulture,
            $"Draft '{draft}' cannot serve target '{target}': token ids differ ({Differing} of {Math.Min(TargetCount, DraftCount)} common ids; first: {_first}). Use a draft of the target's own family, or the strategy lookup, which needs no draft."));
    }

    // An id that one side leaves without a token is padding: the other's token there is never proposed, or never accepted.
    private static bool SameToken(ITokenizer target, ITokenizer draft, int id)
    {
        string? there = target.TokenString(id), here = draft.TokenString(id);
        if (there is null || here is null) return true;
        return target.IsSpecial(id) == draft.IsSpecial(id) && (target.IsSpecial(id) ? there == here : target.Bytes(id).SequenceEqual(draft.Bytes(id)));
    }

    private static string Show(ITokenizer tokenizer, int id) => tokenizer.IsSpecial(id)
        ? $"the special '{tokenizer.TokenString(id)}'"
        : $"'{Encoding.UTF8.GetString(tokenizer.Bytes(id))}'";
}
