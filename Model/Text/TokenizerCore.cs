namespace Switchyard.Model.Text;

/// <summary>What every tokenizer of this library has besides its way of encoding.</summary>
internal sealed record TokenizerCore
{
    /// <summary>What it was made from.</summary>
    public required string Source { get; init; }

    /// <summary>What kind it is.</summary>
    public required string Kind { get; init; }

    /// <summary>Every id.</summary>
    public required TokenTable Tokens { get; init; }

    /// <summary>From spelling to id.</summary>
    public required Dictionary<string, int> Ids { get; init; }

    /// <summary>How ids become text.</summary>
    public required DecodingRules Decoding { get; init; }

    /// <summary>What stands before a text's ids when special tokens are added.</summary>
    public IReadOnlyList<int> Before { get; init; } = [];

    /// <summary>What stands after them.</summary>
    public IReadOnlyList<int> After { get; init; } = [];

    /// <summary>Begins a text.</summary>
    public int? BosId { get; init; }

    /// <summary>End a text.</summary>
    public IReadOnlyList<int> EosIds { get; init; } = [];

    /// <summary>Stands for what no other covers.</summary>
    public int? UnknownId { get; init; }

    /// <summary>Fills up batches.</summary>
    public int? PadId { get; init; }

    /// <summary>The text of ids.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial, bool isContinuation)
    {
        var decoder = new StreamingDecoder(Tokens, Decoding, skipSpecial, isContinuation);
        return decoder.Append(ids) + decoder.Flush();
    }
}
