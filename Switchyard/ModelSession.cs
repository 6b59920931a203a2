using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Model.Text;
using Switchyard.Strategies;
using Switchyard.Strategies.Speculation;
using Switchyard.Tensor;

namespace Switchyard;

/// <summary>What belongs to an opened model: the backend, the weights, the text side, and the drafts opened beside it.</summary>
internal sealed class ModelSession : IDisposable
{
    private const long CacheBudget = 256L << 20; // bytes that a cache takes unasked, unless one context needs more

    private readonly Dictionary<string, DraftModel> _drafts = [];
    private readonly bool _ownsBackend;

    private ModelSession(string path, IBackend backend, bool ownsBackend, TransformerModel model, ITokenizer tokenizer, GenerationOptions suggested)
    {
        (Path, Backend, _ownsBackend, Model, Tokenizer, Suggested) = (path, backend, ownsBackend, model, tokenizer, suggested);
        Text = new TokenizerText(tokenizer, model.Config.EosTokenIds);
    }

    public string Path { get; }

    public IBackend Backend { get; }

    public TransformerModel Model { get; }

    public ITokenizer Tokenizer { get; }

    public ITokenText Text { get; }

    public GenerationOptions Suggested { get; }

    /// <summary>Opens everything; on failure nothing is left open.</summary>
    public static ModelSession Open(string path, LocalModelOptions options, CancellationToken cancellation)
    {
        using ModelFiles files = ModelFiles.Open(path);
        ITokenizer tokenizer = TokenizerOf(files);
        GenerationOptions suggested = files.Format == ModelFileFormat.HuggingFace ? GenerationConfigFile.Read(files.Path) : new GenerationOptions();
        IBackend backend = options.Backend ?? new CpuBackend(new CpuOptions { Threads = options.Threads });
        try
        {
            return new ModelSession(path, backend, options.Backend is null, Load(files, backend, options, options.ContextLength, cancellation), tokenizer, suggested);
        }
        catch
        {
            if (options.Backend is null) backend.Dispose();
            throw;
        }
    }

    /// <summary>What strategies are made from.</summary>
    public StrategyContext StrategyContext(LocalModelOptions options) => new(Model, Tokenizer, options, CacheTokens(options), draft => OpenDraft(draft, options))
    {
        TargetPath = Path,
        Requantize = format => OpenCoarser(format, options),
    };

    /// <summary>Prompts to measure on; see <see cref="SampleTexts"/>.</summary>
    public List<int[]> Samples(string? text) => SampleTexts.Tokens(Tokenizer, Tokenizer.BosId ?? Model.Config.BosTokenId, text);

    /// <summary>Frees drafts, weights and the backend.</summary>
    public void Dispose()
    {
        foreach (DraftModel draft in _drafts.Values) draft.Model.Dispose();
        Model.Dispose();
        if (_ownsBackend) Backend.Dispose();
    }

    private static TransformerModel Load(ModelFiles files, IBackend backend, LocalModelOptions options, int? contextLength, CancellationToken cancellation) => ModelLoader.Load(
        files, backend, new LoadOptions { ContextLength = contextLength, Quantize = options.Quantize, Progress = options.Progress }, cancellation);

    private static ITokenizer TokenizerOf(ModelFiles files)
    {
        if (files.TokenizerPath is not { } path)
            throw new ModelFormatException("The model has no tokenizer.", files.Path, supported: "tokenizer.json beside the weights, or a GGUF file with its tokenizer inside");
        ITokenizer tokenizer = Tokenizers.Open(path);
        int rows = files.Config.VocabSize; // may be more than there are tokens: many models pad it
        return tokenizer.VocabularySize <= rows
            ? tokenizer
            : throw new ModelFormatException("The tokenizer has more tokens than the model's embedding has rows.", path, "vocab", found: $"{tokenizer.VocabularySize} tokens", supported: $"up to {rows}, the model's vocab_size");
    }

    private int CacheTokens(LocalModelOptions options)
    {
        if (options.CacheTokens is { } given) return given;
        ModelConfig config = Model.Config;
        long perToken = 2L * config.LayerCount * config.KvDim * options.CacheType.BlockBytes();
        return (int)Math.Max(Model.ContextLength, Math.Min((long)options.MaxBatch * Model.ContextLength, CacheBudget / perToken));
    }

    private TransformerModel OpenCoarser(DType format, LocalModelOptions options)
    {
        string name = $"{Path}@{format}";
        if (_drafts.TryGetValue(name, out DraftModel? known)) return known.Model;
        using ModelFiles files = ModelFiles.Open(Path);
        TransformerModel model = Load(files, Backend, options with { Quantize = format }, Model.ContextLength, CancellationToken.None);
        return (_drafts[name] = new DraftModel(name, model, Tokenizer)).Model;
    }

    private DraftModel OpenDraft(string path, LocalModelOptions options)
    {
        string full = ModelPath.Resolve(path);
        if (_drafts.TryGetValue(full, out DraftModel? known)) return known;
        using ModelFiles files = ModelFiles.Open(full);
        ITokenizer tokenizer = TokenizerOf(files);
        VocabularyCheck.Compare(Tokenizer, tokenizer).ThrowUnlessFits(Path, path);
        int context = Math.Min(Model.ContextLength, files.Config.MaxPositionEmbeddings);
        return _drafts[full] = new DraftModel(full, Load(files, Backend, options with { Quantize = null }, context, CancellationToken.None), tokenizer);
    }
}
