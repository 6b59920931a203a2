using Switchyard.Kinds;
using Switchyard.Model;
using Switchyard.Model.Text;
using Switchyard.Strategies.Speculation;
using Switchyard.Tensor;

namespace Switchyard;

/// <summary>What a strategy is made from: the target, its tokenizer, and the means to open drafts beside it.</summary>
public sealed class StrategyContext
{
    internal const int PromptRows = 256; // what a step runs of waiting prompts when nothing decodes

    private readonly Func<string, DraftModel> _openDraft;
    private readonly ModelRunner? _given;
    private readonly DraftRunners? _turns;

    internal StrategyContext(TransformerModel target, ITokenizer tokenizer, LocalModelOptions options, int cacheTokens, Func<string, DraftModel> openDraft) =>
        (Target, Tokenizer, Options, CacheTokens, _openDraft) = (target, tokenizer, options, cacheTokens, openDraft);

    /// <summary>For a runner that the caller made, as those who try a strategy outside a <see cref="LocalModel"/> do.</summary>
    /// <param name="target">The target's runner; whatever strategy is made takes it over.</param>
    /// <param name="tokenizer">The target's tokenizer.</param>
    /// <param name="options">What a model would be opened with.</param>
    /// <param name="openDraft">Opens a draft by the path that a spelling names.</param>
    public StrategyContext(ModelRunner target, ITokenizer tokenizer, LocalModelOptions options, Func<string, DraftModel> openDraft)
    {
        ArgumentNullException.ThrowIfNull(target);
        (_given, Target, Tokenizer, Options, _openDraft) = (target, target.Model, tokenizer, options, openDraft);
        CacheTokens = target.Pool.Store.Shape.Slots;
    }

    private StrategyContext(StrategyContext from, ModelRunner shared, DraftRunners drafts)
        : this(shared, from.Tokenizer, from.Options, from._openDraft) => (_turns, TargetPath) = (drafts, from.TargetPath);

    /// <summary>The model whose tokens are promised.</summary>
    public TransformerModel Target { get; }

    /// <summary>Where the target was opened from; null where that is not known.</summary>
    public string? TargetPath { get; internal init; }

    /// <summary>Whether the strategy is tried on a runner that somebody made for it: nothing is measured beforehand.</summary>
    internal bool IsTrial => _given is not null;

    /// <summary>Whether the strategy takes turns with others on one target, and somebody else measures plain decoding.</summary>
    internal bool TakesTurns => _turns is not null;

    /// <summary>The target's tokenizer.</summary>
    public ITokenizer Tokenizer { get; }

    /// <summary>What the model was opened with.</summary>
    public LocalModelOptions Options { get; }

    /// <summary>Tokens that all requests together may cache.</summary>
    public int CacheTokens { get; }

    /// <summary>Makes a runner of the target: room for prompts, for every request of a full batch, and for what a strategy adds.</summary>
    /// <param name="rowsPerRequest">Rows of one request in one pass: 1 for plain decoding, a tree's nodes for speculation.</param>
    /// <returns>The runner, owned by the caller; it does not own the model.</returns>
    public ModelRunner NewTargetRunner(int rowsPerRequest = 1) => _given ?? NewRunner(Target, rowsPerRequest);

    /// <summary>Makes a runner of a draft; see <see cref="NewTargetRunner"/>.</summary>
    /// <param name="model">The draft.</param>
    /// <param name="rowsPerRequest">Rows of one request in one pass.</param>
    /// <param name="ownsModel">Whether disposing the runner disposes the draft: for one that nobody else keeps.</param>
    public ModelRunner NewRunner(TransformerModel model, int rowsPerRequest = 1, bool ownsModel = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rowsPerRequest);
        int rows = Options.MaxBatch * rowsPerRequest;
        return _turns is null || ownsModel ? Make() : _turns.Get(model, PromptRows + rows, rowsPerRequest, Make);

        ModelRunner Make() => new(model, PromptRows + rows, CacheTokens + rows, Options.CacheType, ownsModel);
    }

    /// <summary>The context of a strategy that takes turns with others on <paramref name="shared"/> and on <paramref name="drafts"/>.</summary>
    internal StrategyContext Over(ModelRunner shared, DraftRunners drafts) => new(this, shared, drafts);

    /// <summary>
    /// Opens the target's files again with coarser weights, as a draft that is disposed with the target; null where the files are
    /// not at hand. The same format twice gives the same one.
    /// </summary>
    public Func<DType, TransformerModel>? Requantize { get; init; }

    /// <summary>
    /// Opens a draft model on the target's backend. It is disposed with the target; opening it twice gives the same one.
    /// </summary>
    /// <param name="path">A folder, a .gguf file, or the name of an embedded model.</param>
    /// <exception cref="VocabularyException">Its token ids do not mean what the target's mean; no weight of it was loaded.</exception>
    public DraftModel OpenDraft(string path) => _openDraft(path);
}
