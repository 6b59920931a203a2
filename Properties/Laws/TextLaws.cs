using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Switchyard.Model.Text;
using Switchyard.Properties.Faults;

namespace Switchyard.Properties;

/// <summary>What an <see cref="ITokenizer"/> that loses nothing owes.</summary>
public static class TextLaws
{
    /// <summary>Every law.</summary>
    public static IReadOnlyList<Law> All { get; } =
    [
        new CheckedLaw<TextCase>(
            "text/round-trip", LawKind.Text,
            "Text that is encoded and decoded is itself; a surrogate without its partner is U+FFFD.",
            Arb.From(TextCase.Any, c => c.Smaller()), 300, RoundTrip, PlantedTextBugs.SpacesMerged, PlantedTextBugs.LastTokenLost),
        new CheckedLaw<TextCase>(
            "text/stream", LawKind.Text,
            "Ids that are decoded one by one give, joined, the text of all at once, and no piece ends inside a character.",
            Arb.From(TextCase.Any, c => c.Smaller()), 300, Stream, PlantedTextBugs.TokensDecodedAlone, PlantedTextBugs.CharactersSplit),
    ];

    private static Verdict RoundTrip(LawRun run, TextCase c)
    {
        if (Tokenizer(run, c) is not { } tokenizer) return Verdict.NotApplicable("no tokenizer was given");
        string want = Whole(c.Text), got = tokenizer.Decode(tokenizer.Encode(c.Text, addSpecial: true, parseSpecial: false));
        return Verdict.Of(got == want, () => $"\"{TextCase.Escape(want)}\" came back as \"{TextCase.Escape(got)}\" ({tokenizer.Source})");
    }

    private static Verdict Stream(LawRun run, TextCase c)
    {
        if (Tokenizer(run, c) is not { } tokenizer) return Verdict.NotApplicable("no tokenizer was given");
        int[] ids = tokenizer.Encode(c.Text, addSpecial: true, parseSpecial: false);
        if (c.Cut) ids = ids[..(ids.Length / 2)]; // a text may well end inside a character
        string[] pieces = run.Subject.Stream(tokenizer, ids);
        string want = tokenizer.Decode(ids);
        foreach (string piece in pieces)
            if (piece != Whole(piece)) return Verdict.Broken($"the piece \"{TextCase.Escape(piece)}\" is half a character");
        return Verdict.Of(string.Concat(pieces) == want, () => $"\"{TextCase.Escape(string.Concat(pieces))}\" piece by piece, \"{TextCase.Escape(want)}\" at once");
    }

    private static ITokenizer? Tokenizer(LawRun run, TextCase c) =>
        run.Subject.Tokenizers.Count == 0 ? null : run.Subject.Tokenizers[c.Tokenizer % run.Subject.Tokenizers.Count];

    /// <summary>The text with U+FFFD for every surrogate that lacks its partner.</summary>
    private static string Whole(string text)
    {
        var whole = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes()) whole.Append(rune.ToString());
        return whole.ToString();
    }
}
