using System.Text;

namespace Switchyard.Model.Text;

/// <summary>Byte-pair encoding, byte-level or SentencePiece-style, with the steps around it that its file names.</summary>
/// <remarks>
/// The order is that of Hugging Face's tokenizers: added tokens in the raw text, normalization of what lies between, added tokens
/// in the normalized text, splitting, merging, and what the template puts around it. Time is linear in the text but for
/// n log n inside a single long piece; remembered words are bounded.
/// </remarks>
public sealed class BpeTokenizer : ITokenizer
{
    private readonly TokenizerCore _core;
    private readonly BpeModel _model;
    private readonly AddedTokenSplitter _rawAdded;
    private readonly AddedTokenSplitter _normalizedAdded;
    private readonly Lock _gate = new();
    private readonly Stack<EncodingScratch> _idle = [];

    internal BpeTokenizer(TokenizerCore core, BpeModel model, AddedTokenSplitter rawAdded, AddedTokenSplitter normalizedAdded) =>
        (_core, _model, _rawAdded, _normalizedAdded) = (core, model, rawAdded, normalizedAdded);

    /// <inheritdoc/>
    public string Source => _core.Source;

    /// <inheritdoc/>
    public string Kind => _core.Kind;

    /// <inheritdoc/>
    public int VocabularySize => _core.Tokens.Count;

    /// <inheritdoc/>
    public int? BosId => _core.BosId;

    /// <inheritdoc/>
    public IReadOnlyList<int> EosIds => _core.EosIds;

    /// <inheritdoc/>
    public int? UnknownId => _core.UnknownId;

    /// <inheritdoc/>
    public int? PadId => _core.PadId;

    /// <inheritdoc/>
    public string Fingerprint => _core.Tokens.Fingerprint;

    internal ITextNormalizer? Normalizer { get; init; }

    internal IPreTokenizer? PreTokenizer { get; init; }

    /// <inheritdoc/>
    public int[] Encode(string text, bool addSpecial = true, bool parseSpecial = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        EncodingScratch scratch;
        lock (_gate) scratch = _idle.TryPop(out EncodingScratch? idle) ? idle : new EncodingScratch();
        var ids = new List<int>((text.Length / 3) + 8);
        if (addSpecial) ids.AddRange(_core.Before);
        EncodeRuns(WellFormed(text), parseSpecial, scratch, ids);
        if (addSpecial) ids.AddRange(_core.After);
        scratch.Trim();
        lock (_gate) _idle.Push(scratch);
        return [.. ids];
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = true, bool isContinuation = false) => _core.Decode(ids, skipSpecial, isContinuation);

    /// <inheritdoc/>
    public StreamingDecoder CreateDecoder(bool skipSpecial = true, bool isContinuation = false) =>
        new(_core.Tokens, _core.Decoding, skipSpecial, isContinuation);

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Bytes(int id) => _core.Tokens.Bytes(id);

    /// <inheritdoc/>
    public string? TokenString(int id) => _core.Tokens.String(id);

    /// <inheritdoc/>
    public bool IsSpecial(int id) => _core.Tokens.IsSpecial(id);

    /// <inheritdoc/>
    public bool TryGetId(string token, out int id) => _core.Ids.TryGetValue(token, out id);

    private void EncodeRuns(string text, bool parseSpecial, EncodingScratch scratch, List<int> ids)
    {
        scratch.Runs.Clear();
        _rawAdded.Split(text, parseSpecial, scratch.Runs);
        foreach ((int id, int start, int end) in scratch.Runs)
        {
            if (id >= 0) ids.Add(id);
            else EncodeNormalized(text, start, end, parseSpecial, scratch, ids);
        }
    }

    private void EncodeNormalized(string text, int start, int end, bool parseSpecial, EncodingScratch scratch, List<int> ids)
    {
        string run = start == 0 && end == text.Length ? text : text[start..end];
        if (Normalizer is not null) run = Normalizer.Apply(run);
        scratch.NormalizedRuns.Clear();
        _normalizedAdded.Split(run, parseSpecial, scratch.NormalizedRuns);
        foreach ((int id, int from, int to) in scratch.NormalizedRuns)
        {
            if (id >= 0)
            {
                ids.Add(id);
                continue;
            }
            scratch.Pieces.Load(run.AsSpan(from..to), startsInput: start == 0 && from == 0);
            PreTokenizer?.Apply(scratch.Pieces);
            foreach ((int pieceStart, int pieceEnd) in scratch.Pieces.Pieces)
                _model.Encode(scratch.Pieces.Text[pieceStart..pieceEnd], scratch, ids);
        }
    }

    private static string WellFormed(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) i++;
            else return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        }
        return text;
    }
}
