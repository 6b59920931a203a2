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
internal sealed class VerifySubjects(StrategySpec spec, StrategyKind kind, string path, ITokenizer tokenizer) : IDisposable
{
    private const long LargeBytes = 512 << 20; // of weights: more are held once, for all of the machine's processors
    private const int UserContext = TinyModels.ContextLength; // laws use short sequences: no need for more rotations or cache
    private const int DraftSeed = 7919;

    private readonly Dictionary<(string Path, int Threads, DType? Format), (IBackend Backend, TransformerModel Model)> _opened = [];
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
        Models = [new ModelSource(path, (backend, _) => Opened(path, backend.Threads))],
        Strategy = runner => Make(spec, runner, (draft, format) => Opened(draft is null ? path : ModelPath.Resolve(draft), runner.Model.Backend.Threads, format)),
        Tokenizers = [tokenizer],
    };

    /// <summary>The command that runs the contradicting case of a report again; empty where there is none.</summary>
    /// <param name="report">The report.</param>
    /// <param name="ownTokens">The limit on tokens that it was found with.</param>
    public string Repeat(LawReport report, int? ownTokens) => report.Outcome != LawOutcome.Broken ? ""
        : $"switchyard verify \"{path}\" --strategy \"{spec}\" --replay {report.LawId}:{report.ReplayId}{(ownTokens is { } most ? $" --own-tokens {most}" : "")}";

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

    /// <summary>Tokens a second of plain decoding on the user's own model, one request, from a few tokens; it is loaded first.</summary>
    public double OwnSpeed(TimeProvider time)
    {
        const int Tokens = 3;
        using TransformerModel model = Opened(path, Environment.ProcessorCount);
        using var plain = new AutoregressiveStrategy(new ModelRunner(model, batchRows: 8, cacheSlots: 32));
        var request = new DecodingRequest([0, 1], new GenerationOptions { MaxNewTokens = Tokens + 1, IgnoreEos = true });
        if (!plain.TryAdmit(request)) return double.PositiveInfinity;
        plain.Step([request]); // the prompt, and what runs for the first time
        long start = time.GetTimestamp();
        while (!request.IsFinished) plain.Step([request]);
        plain.Release(request);
        return Tokens / Math.Max(1e-9, time.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>Frees the models that were opened.</summary>
    public void Dispose()
    {
        foreach ((IBackend backend, TransformerModel model) in _opened.Values)
        {
            model.Dispose();
            backend.Dispose();
        }
        _opened.Clear();
    }

    /// <summary>A model that shares its weights with every other one of this path: laws come and go, the file is read once.</summary>
    private TransformerModel Opened(string file, int threads, DType? format = null)
    {
        if (IsLarge(file)) threads = Environment.ProcessorCount;
        if (!_opened.TryGetValue((file, threads, format), out (IBackend Backend, TransformerModel Model) opened))
        {
            CpuBackend backend = Cpu(threads);
            try
            {
                _opened[(file, threads, format)] = opened = (backend, Load(file, backend, format));
            }
            catch
            {
                backend.Dispose();
                throw;
            }
        }
        return opened.Model.Keep(LayerMask.All(opened.Model.Config.LayerCount));
    }

    private static bool IsLarge(string file) => File.Exists(file)
        ? new FileInfo(file).Length > LargeBytes
        : new DirectoryInfo(file).EnumerateFiles("*.safetensors").Sum(weights => weights.Length) > LargeBytes;

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
