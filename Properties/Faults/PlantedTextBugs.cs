using Switchyard.Model.Text;

namespace Switchyard.Properties.Faults;

/// <summary>Mistakes in handling text.</summary>
public static class PlantedTextBugs
{
    /// <summary>Spaces are merged.</summary>
    public static PlantedBug SpacesMerged { get; } = Wrapped(
        "spaces-merged", "Two spaces are encoded as one.", inner => new Altered(inner, text => text.Replace("  ", " ", StringComparison.Ordinal), ids => ids));

    /// <summary>The last token is lost.</summary>
    public static PlantedBug LastTokenLost { get; } = Wrapped("last-token-lost", "The last token is left out.", inner => new Altered(inner, text => text, ids => ids[..^1]));

    /// <summary>Tokens are decoded by themselves.</summary>
    public static PlantedBug TokensDecodedAlone { get; } = Streamed(
        "tokens-decoded-alone", "Every token is decoded by itself.", (tokenizer, ids) => [.. ids.Select(id => tokenizer.Decode([id]))]);

    /// <summary>Pieces end inside a character.</summary>
    public static PlantedBug CharactersSplit { get; } = Streamed(
        "characters-split", "Text is handed out in pieces of one UTF-16 unit.", (tokenizer, ids) => [.. tokenizer.Decode(ids).Select(c => c.ToString())]);

    private static PlantedBug Wrapped(string id, string sentence, Func<ITokenizer, ITokenizer> wrap) =>
        new(id, sentence, subject => subject with { Name = $"{subject.Name} with {id}", Tokenizers = [.. subject.Tokenizers.Select(wrap)] });

    private static PlantedBug Streamed(string id, string sentence, Func<ITokenizer, int[], string[]> stream) =>
        new(id, sentence, subject => subject with { Name = $"{subject.Name} with {id}", Stream = stream });

    private sealed class Altered(ITokenizer inner, Func<string, string> text, Func<int[], int[]> tokens) : ITokenizer
    {
        public string Source => inner.Source;

        public string Kind => inner.Kind;

        public int VocabularySize => inner.VocabularySize;

        public int? BosId => inner.BosId;

        public IReadOnlyList<int> EosIds => inner.EosIds;

        public int? UnknownId => inner.UnknownId;

        public int? PadId => inner.PadId;

        public string Fingerprint => inner.Fingerprint;

        public int[] Encode(string value, bool addSpecial = true, bool parseSpecial = true)
        {
            int[] ids = inner.Encode(text(value), addSpecial, parseSpecial);
            return ids.Length == 0 ? ids : tokens(ids);
        }

        public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = true, bool isContinuation = false) => inner.Decode(ids, skipSpecial, isContinuation);

        public StreamingDecoder CreateDecoder(bool skipSpecial = true, bool isContinuation = false) => inner.CreateDecoder(skipSpecial, isContinuation);

        public ReadOnlySpan<byte> Bytes(int id) => inner.Bytes(id);

        public string? TokenString(int id) => inner.TokenString(id);

        public bool IsSpecial(int id) => inner.IsSpecial(id);

        public bool TryGetId(string token, out int id) => inner.TryGetId(token, out id);
    }
}
