using Switchyard.Model.Files;

namespace Switchyard.Model.Text;

/// <summary>What a GGUF file's metadata says about its tokenizer (the keys under <c>tokenizer.ggml</c>).</summary>
public sealed record GgufVocabulary
{
    private const string Prefix = "tokenizer.ggml.";

    /// <summary>The file, for messages.</summary>
    public required string Source { get; init; }

    /// <summary><c>tokenizer.ggml.model</c>: <c>llama</c> or <c>gpt2</c>.</summary>
    public required string Model { get; init; }

    /// <summary><c>tokenizer.ggml.pre</c>: how <c>gpt2</c> splits text; null counts as <c>default</c>.</summary>
    public string? Pre { get; init; }

    /// <summary><c>tokenizer.ggml.tokens</c>: each id's spelling.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary><c>tokenizer.ggml.scores</c>: each id's preference; <c>llama</c> needs them.</summary>
    public IReadOnlyList<float>? Scores { get; init; }

    /// <summary><c>tokenizer.ggml.token_type</c>: each id's <see cref="GgufTokenType"/>; null counts as all normal.</summary>
    public IReadOnlyList<int>? TokenTypes { get; init; }

    /// <summary><c>tokenizer.ggml.merges</c>: pairs "left right", best first; <c>gpt2</c> needs them.</summary>
    public IReadOnlyList<string>? Merges { get; init; }

    /// <summary><c>tokenizer.ggml.bos_token_id</c>.</summary>
    public int? BosId { get; init; }

    /// <summary><c>tokenizer.ggml.eos_token_id</c>.</summary>
    public int? EosId { get; init; }

    /// <summary><c>tokenizer.ggml.eot_token_id</c>: ends a turn.</summary>
    public int? EotId { get; init; }

    /// <summary><c>tokenizer.ggml.eom_token_id</c>: ends a message.</summary>
    public int? EomId { get; init; }

    /// <summary><c>tokenizer.ggml.unknown_token_id</c>.</summary>
    public int? UnknownId { get; init; }

    /// <summary><c>tokenizer.ggml.padding_token_id</c>.</summary>
    public int? PadId { get; init; }

    /// <summary><c>tokenizer.ggml.add_bos_token</c>; null leaves it to the kind of tokenizer.</summary>
    public bool? AddsBos { get; init; }

    /// <summary><c>tokenizer.ggml.add_eos_token</c>; null means no.</summary>
    public bool? AddsEos { get; init; }

    /// <summary><c>tokenizer.ggml.add_space_prefix</c>; null means yes for <c>llama</c>.</summary>
    public bool? AddsSpacePrefix { get; init; }

    /// <summary><c>general.name</c>: some models' added tokens swallow white space, which GGUF says nowhere else.</summary>
    public string? ModelName { get; init; }

    /// <summary>Reads the metadata of a file, which must still be open.</summary>
    /// <exception cref="ModelFormatException">A key is missing or of the wrong kind.</exception>
    public static GgufVocabulary Read(GgufMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return new GgufVocabulary
        {
            Source = metadata.File,
            Model = metadata.Text(Prefix + "model") ?? throw new ModelFormatException("The file has no tokenizer.", metadata.File, Prefix + "model"),
            Pre = metadata.Text(Prefix + "pre"),
            Tokens = metadata.Texts(Prefix + "tokens") ?? throw new ModelFormatException("The file has no vocabulary.", metadata.File, Prefix + "tokens"),
            Scores = metadata.Floats(Prefix + "scores"),
            TokenTypes = metadata.Ints(Prefix + "token_type"),
            Merges = metadata.Texts(Prefix + "merges"),
            BosId = metadata.Count(Prefix + "bos_token_id"),
            EosId = metadata.Count(Prefix + "eos_token_id"),
            EotId = metadata.Count(Prefix + "eot_token_id"),
            EomId = metadata.Count(Prefix + "eom_token_id"),
            UnknownId = metadata.Count(Prefix + "unknown_token_id"),
            PadId = metadata.Count(Prefix + "padding_token_id"),
            AddsBos = metadata.Bool(Prefix + "add_bos_token"),
            AddsEos = metadata.Bool(Prefix + "add_eos_token"),
            AddsSpacePrefix = metadata.Bool(Prefix + "add_space_prefix"),
            ModelName = metadata.Text("general.name"),
        };
    }
}
