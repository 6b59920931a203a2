using Switchyard.Backends.Cpu;
using Switchyard.Model;
using Switchyard.Model.Files;
using Switchyard.Model.Text;
using Switchyard.Properties;
using Switchyard.Strategies;
using Switchyard.Strategies.Auto;
using Switchyard.Tensor;

namespace Switchyard.Cli.Verification;

/// <summary>What <c>verify</c> holds to the laws: a strategy on tiny models of every family, and on the user's own model.</summary>
/// <param name="spec">The strategy.</param>
/// <param name="kind">Makes it.</param>
/// <param name="path">The user's model.</param>
/// <param name="tokenizer">Its tokenizer.</param>
internal sealed class VerifySubjects(StrategySpec spec, StrategyKind kind, string path, ITokenizer tokenizer)
{
    private const int UserContext = TinyModels.ContextLength; // laws use short sequences: no need for more rotations or cache
    private const int DraftSeed = 7919;

    private readonly LocalModelOptions _options = new() { MaxBatch = 6, Strategy = spec, TimelineCapacity = 1 << 14 };

    private static Func<IReadOnlyList<string>, AutoOptions, IArmChooser> ProductsChooser { get; } = (names, options) => new ArmChooser(names, options);

    /// <summary>The strategy on tiny random models; drafts are other random models of the same shape.</summary>
    public LawSubject Tiny => new()
    {
        Name = $"{spec} on tiny models",
        Backend = Cpu,
        Strategy = runner => Make(TinySpelling.Of(spec, runner.Model.Config.LayerCount), runner, (_, format) => TinyDraft(runner.Model, format)),
        ClaimsNoAllocation = spec.Name == "plain",
        Chooser = kind.Name == "auto" ? ProductsChooser : null,
        Tokenizers = [tokenizer],
    };

    /// <summary>The strategy on the user's own model, with the drafts that the spelling names.</summary>
    public LawSubject Own => new()
    {
        Name = $"{spec} on {path}",
        Backend = Cpu,
        Models = [new ModelSource(path, (backend, _) => Load(path, backend))],
        Strategy = runner => Make(spec, runner, (draft, format) => Load(draft is null ? path : ModelPath.Resolve(draft), runner.Model.Backend, format)),
        Tokenizers = [tokenizer],
    };

    /// <summary>What an instance of the strategy promises; its options may change what its kind does.</summary>
    public DecodingGuarantee Claim
    {
        get
        {
            using CpuBackend backend = Cpu(1);
            using TransformerModel model = TinyModels.All[0].Open(backend, 0);
            using IDecodingStrategy strategy = Tiny.Strategy(new ModelRunner(model, batchRows: 48, cacheSlots: 128));
            return strategy.Guarantee;
        }
    }

    private IDecodingStrategy Make(StrategySpec spelling, ModelRunner runner, Func<string?, DType?, TransformerModel> open)
    {
        var drafts = new List<TransformerModel>();
        // An automatic choice sees a clock on which its strategies take turns by chance, and the same turns when a case is repeated.
        LocalModelOptions options = kind.Name == "auto" ? _options with { Time = new ErraticClock(1) } : _options;
        var context = new StrategyContext(runner, tokenizer, options, name =>
        {
            TransformerModel model = open(name, null);
            drafts.Add(model);
            return new DraftModel(name, model, tokenizer);
        })
        {
            Requantize = format =>
            {
                drafts.Add(open(null, format));
                return drafts[^1];
            },
        };
        IDecodingStrategy strategy = kind.Create(spelling, context);
        return drafts.Count == 0 ? strategy : new WithDrafts(strategy, drafts);
    }

    private static TransformerModel TinyDraft(TransformerModel target, DType? format) => TinyModels.Build(
        target.Backend, target.Config with { LayerCount = Math.Max(1, target.Config.LayerCount / 2) }, format ?? target.Weights.Blocks[0].Gate.DType, DraftSeed, target.ContextLength);

    private static TransformerModel Load(string path, IBackend backend, DType? quantize = null)
    {
        using ModelFiles files = ModelFiles.Open(path);
        return ModelLoader.Load(files, backend, new LoadOptions { ContextLength = Math.Min(UserContext, files.Config.MaxPositionEmbeddings), Quantize = quantize });
    }

    private static CpuBackend Cpu(int threads) => new(new CpuOptions { Threads = threads });

    /// <summary>Frees the drafts that were opened for a strategy with it.</summary>
    private sealed class WithDrafts(IDecodingStrategy inner, List<TransformerModel> drafts) : IDecodingStrategy
    {
        public string Name => inner.Name;

        public DecodingGuarantee Guarantee => inner.Guarantee;

        public bool TryAdmit(DecodingRequest request) => inner.TryAdmit(request);

        public StepStats Step(ReadOnlySpan<DecodingRequest> batch) => inner.Step(batch);

        public void Release(DecodingRequest request) => inner.Release(request);

        public void Dispose()
        {
            inner.Dispose();
            foreach (TransformerModel draft in drafts) draft.Dispose();
        }
    }
}
