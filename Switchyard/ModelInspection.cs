using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Model.Text;
using Switchyard.Strategies.Drex;
using Switchyard.Tensor;

namespace Switchyard;

/// <summary>What can be said of a model without loading it.</summary>
/// <param name="Path">The folder or file.</param>
/// <param name="Container">How it is stored: <c>safetensors</c> or <c>gguf</c>.</param>
/// <param name="Architecture">The shape.</param>
/// <param name="Formats">Formats of the weights.</param>
/// <param name="FileBytes">Bytes of the weights as stored.</param>
/// <param name="Tokenizer">The tokenizer; null where the model has none.</param>
/// <param name="HasChatTemplate">Whether the model says how conversations are written.</param>
/// <param name="Memory">What it will take and what is free.</param>
/// <param name="Evidence">What this family's support rests on.</param>
public sealed record ModelInspection(
    string Path, string Container, ArchitectureSummary Architecture, IReadOnlyList<FormatSummary> Formats, long FileBytes,
    TokenizerSummary? Tokenizer, bool HasChatTemplate, MemoryEstimate Memory, string Evidence)
{
    /// <summary>What rounded weights cost; null where it was not measured.</summary>
    public QuantizationQuality? Quality { get; init; }

    /// <summary>Whether early exit suits the model; null where it was not measured.</summary>
    public ExitAdvice? Exits { get; init; }

    /// <summary>Reads headers, configuration and tokenizer of a model.</summary>
    /// <param name="path">A folder, a .gguf file, or the name of an embedded model.</param>
    /// <param name="options">How it would be opened; null for the defaults.</param>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelFormatException">The model is damaged or not supported.</exception>
    public static ModelInspection Of(string path, LocalModelOptions? options = null)
    {
        options ??= new LocalModelOptions();
        options.Validate();
        using ModelFiles files = ModelFiles.Open(ModelPath.Resolve(path));
        var loading = new LoadOptions { ContextLength = options.ContextLength, Quantize = options.Quantize };
        var load = new MemoryLoad { CacheType = options.CacheType, BatchRows = StrategyContext.PromptRows + options.MaxBatch, BackendBytes = CpuBackend.WeightBytes };
        ITokenizer? tokenizer = files.TokenizerPath is { } where ? Tokenizers.Open(where) : null;
        return new ModelInspection(
            files.Path, files.Format == ModelFileFormat.Gguf ? "gguf" : "safetensors", ArchitectureSummary.Of(files), FormatsOf(files, loading), files.ByteCount,
            tokenizer is null ? null : new TokenizerSummary(tokenizer.Kind, tokenizer.VocabularySize, tokenizer.BosId, tokenizer.EosIds, tokenizer.Fingerprint),
            files.ChatTemplate is not null, MemoryEstimate.Of(files, loading, load), EvidenceFor(files.Config.Family));
    }

    private static FormatSummary[] FormatsOf(ModelFiles files, LoadOptions loading) =>
    [
        .. files.InFileOrder
            .GroupBy(id => (Stored: files.Entry(id).DType, Computed: CpuBackend.KernelFormat(loading.FormatOf(id, files.Entry(id)))))
            .OrderByDescending(group => group.Sum(id => files.Entry(id).ByteCount))
            .Select(group => new FormatSummary(group.Key.Stored, group.Key.Computed, group.Count(), group.Sum(id => files.Entry(id).ByteCount))),
    ];

    private static string EvidenceFor(ModelFamily family) => family switch
    {
        ModelFamily.Llama => "greedy ids, logits and likelihoods equal an independent float64 program's on six trained models, and on random ones with llama3, linear and yarn scaling",
        ModelFamily.Qwen3 => "greedy ids and logits equal an independent float64 program's on random weights, sharded folder and GGUF",
        ModelFamily.Qwen2 => "greedy ids and logits equal an independent float64 program's on random weights, folder and GGUF",
        _ => "greedy ids and logits equal an independent float64 program's on random weights",
    };
}

/// <summary>The shape of a model, by the words of config.json.</summary>
/// <param name="Family">Llama, Mistral, Qwen2 or Qwen3.</param>
/// <param name="Parameters">Weights in all.</param>
/// <param name="LayerCount">Transformer blocks.</param>
/// <param name="HiddenSize">Elements of the residual stream.</param>
/// <param name="IntermediateSize">Elements of the feed-forward's inner activation.</param>
/// <param name="HeadCount">Query heads.</param>
/// <param name="KvHeadCount">Key and value heads.</param>
/// <param name="HeadDim">Elements of a head.</param>
/// <param name="VocabSize">Rows of the embedding table.</param>
/// <param name="MaxPositionEmbeddings">The longest context the model was made for, in tokens.</param>
/// <param name="RopeTheta">Base of the rotary frequencies.</param>
/// <param name="RopeScaling">How they are stretched; null for not at all.</param>
/// <param name="SlidingWindow">Positions that a row sees; null for all.</param>
/// <param name="TieWordEmbeddings">The head is the embedding table.</param>
public sealed record ArchitectureSummary(
    string Family, long Parameters, int LayerCount, int HiddenSize, int IntermediateSize, int HeadCount, int KvHeadCount, int HeadDim, int VocabSize,
    int MaxPositionEmbeddings, double RopeTheta, string? RopeScaling, int? SlidingWindow, bool TieWordEmbeddings)
{
    internal static ArchitectureSummary Of(ModelFiles files)
    {
        ModelConfig c = files.Config;
        return new ArchitectureSummary(
            c.Family.ToString(), files.InFileOrder.Sum(id => files.Entry(id).ElementCount), c.LayerCount, c.HiddenSize, c.IntermediateSize, c.HeadCount, c.KvHeadCount,
            c.HeadDim, c.VocabSize, c.MaxPositionEmbeddings, c.RopeTheta, c.RopeScaling?.GetType().Name.ToLowerInvariant(), c.SlidingWindow, c.TieWordEmbeddings);
    }
}

/// <summary>Weights of one format.</summary>
/// <param name="Stored">As the file has them.</param>
/// <param name="Computed">The format whose kernels compute on them; another one where they are converted while loading.</param>
/// <param name="Count">Tensors.</param>
/// <param name="Bytes">Bytes in the file.</param>
public sealed record FormatSummary(DType Stored, DType Computed, int Count, long Bytes);

/// <summary>A tokenizer in a few facts.</summary>
/// <param name="Kind">What kind it is.</param>
/// <param name="VocabularySize">One more than the highest id.</param>
/// <param name="BosId">The token that begins a text.</param>
/// <param name="EosIds">Tokens that end a text.</param>
/// <param name="Fingerprint">Equal for equal vocabularies.</param>
public sealed record TokenizerSummary(string Kind, int VocabularySize, int? BosId, IReadOnlyList<int> EosIds, string Fingerprint);
