namespace Switchyard.Model.Text;

/// <summary>Turns text into token ids and back. Immutable: any number of threads may use one at once.</summary>
public interface ITokenizer
{
    /// <summary>What it was made from, for messages: a file, or the metadata of one.</summary>
    string Source { get; }

    /// <summary>What kind it is, in a few words: "byte-level BPE", "SentencePiece BPE".</summary>
    string Kind { get; }

    /// <summary>One more than the highest id. Ids in between may have no token; their bytes are empty.</summary>
    int VocabularySize { get; }

    /// <summary>The token that begins a text, if the model has one.</summary>
    int? BosId { get; }

    /// <summary>The tokens that end a text, in order of preference.</summary>
    IReadOnlyList<int> EosIds { get; }

    /// <summary>The token for what no other covers.</summary>
    int? UnknownId { get; }

    /// <summary>The token that fills up batches.</summary>
    int? PadId { get; }

    /// <summary>A digest of the whole vocabulary: equal exactly when every id has the same bytes and the same special flag.</summary>
    string Fingerprint { get; }

    /// <summary>The ids of a text.</summary>
    /// <param name="text">The text; a surrogate without its partner counts as U+FFFD.</param>
    /// <param name="addSpecial">Adds what the model's files put around a text, such as BOS.</param>
    /// <param name="parseSpecial">Reads the spelling of a special token as that token; otherwise it is ordinary text.</param>
    int[] Encode(string text, bool addSpecial = true, bool parseSpecial = true);

    /// <summary>The text of ids. Bytes that are not UTF-8 become U+FFFD.</summary>
    /// <param name="ids">The ids; ids without a token are skipped.</param>
    /// <param name="skipSpecial">Leaves special tokens out.</param>
    /// <param name="isContinuation">The ids continue a text: the first keeps the space that is dropped where a text begins.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is negative or not below <see cref="VocabularySize"/>.</exception>
    string Decode(ReadOnlySpan<int> ids, bool skipSpecial = true, bool isContinuation = false);

    /// <summary>A decoder that takes ids one by one and gives text as soon as it is certain.</summary>
    /// <param name="skipSpecial">Leaves special tokens out.</param>
    /// <param name="isContinuation">The ids continue a text, such as a prompt.</param>
    StreamingDecoder CreateDecoder(bool skipSpecial = true, bool isContinuation = false);

    /// <summary>The bytes a token stands for inside a text; empty for ids without a token. Lives as long as the tokenizer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative or not below <see cref="VocabularySize"/>.</exception>
    ReadOnlySpan<byte> Bytes(int id);

    /// <summary>A token as the vocabulary writes it; null for ids without a token.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative or not below <see cref="VocabularySize"/>.</exception>
    string? TokenString(int id);

    /// <summary>Whether a token is markup rather than text.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative or not below <see cref="VocabularySize"/>.</exception>
    bool IsSpecial(int id);

    /// <summary>Finds the id of a token as the vocabulary writes it.</summary>
    bool TryGetId(string token, out int id);
}
