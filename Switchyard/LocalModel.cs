using Switchyard.Model;
using Switchyard.Model.Text;
using Switchyard.Strategies;
using Switchyard.Strategies.Serving;

namespace Switchyard;

/// <summary>A model on this machine, ready to generate: weights, tokenizer, strategies and the engine that serves requests.</summary>
/// <remarks>
/// Every member may be called from any thread. Requests made at the same time are decoded together, and none changes
/// another's tokens. Disposing ends what still runs and frees everything.
/// </remarks>
public sealed class LocalModel : IAsyncDisposable
{
    private const int ScoreWindow = 512; // tokens that are scored with one another as context

    private readonly ModelSession _session;
    private readonly LocalModelOptions _options;
    private readonly InferenceEngine _engine;
    private readonly ScoringStrategy _scoring;
    private readonly List<(StrategySpec Spec, IDecodingStrategy Strategy)> _strategies = [];

    private LocalModel(ModelSession session, LocalModelOptions options)
    {
        (_session, _options) = (session, options);
        try
        {
            foreach (StrategySpec spec in options.MoreStrategies.Prepend(options.Strategy).Distinct())
                _strategies.Add((spec, StrategyCatalog.Find(spec, options.StrategyKinds).Create(spec, session.StrategyContext(options))));
            int window = Math.Min(ScoreWindow, session.Model.ContextLength);
            _scoring = new ScoringStrategy(() => new ModelRunner(session.Model, window, window));
        }
        catch
        {
            foreach ((_, IDecodingStrategy strategy) in _strategies) strategy.Dispose();
            throw;
        }
        _engine = new InferenceEngine(
            [.. _strategies.Select(s => s.Strategy), _scoring], session.Text, new EngineOptions { MaxBatch = options.MaxBatch, Time = options.Time });
    }

    /// <summary>Where the model was opened from.</summary>
    public string Path => _session.Path;

    /// <summary>The shape.</summary>
    public ModelConfig Config => _session.Model.Config;

    /// <summary>The tokenizer.</summary>
    public ITokenizer Tokenizer => _session.Tokenizer;

    /// <summary>Tokens that a request may have, prompt and output together.</summary>
    public int ContextLength => _session.Model.ContextLength;

    /// <summary>The device and the form of its kernels.</summary>
    public string BackendName => _session.Backend.Name;

    /// <summary>Threads that compute.</summary>
    public int Threads => _session.Backend.Threads;

    /// <summary>Bytes of the weights in memory.</summary>
    public long WeightBytes => _session.Model.WeightBytes;

    /// <summary>The strategies that requests may name; the first serves those that name none.</summary>
    public IReadOnlyList<StrategySpec> Strategies => [.. _strategies.Select(s => s.Spec)];

    /// <summary>What the model's maker suggests for choosing tokens (generation_config.json); greedy where that says nothing.</summary>
    public GenerationOptions SuggestedOptions => _session.Suggested;

    /// <summary>What is served at this moment.</summary>
    public EngineMetrics Metrics => _engine.Metrics;

    /// <summary>Opens a model.</summary>
    /// <param name="path">A folder with config.json and safetensors, a .gguf file, or <see cref="ModelPath.Embedded"/>.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Stops the opening between two tensors.</param>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="Model.Files.ModelFormatException">The model's files are damaged or not supported; says which field, what was found and what is supported.</exception>
    /// <exception cref="StrategySpecException">A strategy is not known or does not fit this model.</exception>
    /// <exception cref="Strategies.Speculation.VocabularyException">A draft has another vocabulary than the model; no weight of it was loaded.</exception>
    public static Task<LocalModel> OpenAsync(string path, LocalModelOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        options ??= new LocalModelOptions();
        options.Validate();
        foreach (StrategySpec spec in options.MoreStrategies.Prepend(options.Strategy)) StrategyCatalog.Find(spec, options.StrategyKinds); // before anything is loaded
        return Task.Run(
            () =>
            {
                ModelSession session = ModelSession.Open(ModelPath.Resolve(path), options, cancellationToken);
                try
                {
                    return new LocalModel(session, options);
                }
                catch
                {
                    session.Dispose();
                    throw;
                }
            },
            cancellationToken);
    }

    /// <summary>Opens the tokenizer of a model alone: of a folder, a tokenizer.json or a .gguf file.</summary>
    /// <inheritdoc cref="Tokenizers.Open(string)"/>
    public static ITokenizer OpenTokenizer(string path) => Tokenizers.Open(ModelPath.Resolve(path));

    /// <summary>Generates after a prompt and gives the whole of it.</summary>
    /// <param name="prompt">Text; the model's files say what is put around it, such as BOS.</param>
    /// <param name="options">How to choose and when to stop; null for <see cref="SuggestedOptions"/>.</param>
    /// <param name="strategy">One of <see cref="Strategies"/>; null for the first.</param>
    /// <param name="cancellationToken">Stops within one step.</param>
    /// <exception cref="ContextOverflowException">The prompt is longer than the context.</exception>
    public Task<DecodeReport> GenerateAsync(
        string prompt, GenerationOptions? options = null, StrategySpec? strategy = null, CancellationToken cancellationToken = default) =>
        GenerateAsync(Encode(prompt), options, strategy, cancellationToken);

    /// <summary>Generates after a prompt of token ids and gives the whole of it.</summary>
    /// <param name="prompt">Token ids, at least one, beginning with BOS where the model has one.</param>
    /// <inheritdoc cref="GenerateAsync(string, GenerationOptions?, StrategySpec?, CancellationToken)"/>
    public async Task<DecodeReport> GenerateAsync(
        ReadOnlyMemory<int> prompt, GenerationOptions? options = null, StrategySpec? strategy = null, CancellationToken cancellationToken = default)
    {
        (StrategySpec spec, IDecodingStrategy instance) = Choose(strategy);
        return Report(spec, await _engine.GenerateAsync(new InferenceRequest(prompt, options ?? SuggestedOptions, instance), cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Generates after a prompt, token by token.</summary>
    /// <inheritdoc cref="GenerateAsync(string, GenerationOptions?, StrategySpec?, CancellationToken)"/>
    public DecodeStream StreamAsync(
        string prompt, GenerationOptions? options = null, StrategySpec? strategy = null, CancellationToken cancellationToken = default) =>
        StreamAsync(Encode(prompt), options, strategy, cancellationToken);

    /// <summary>Generates after a prompt of token ids, token by token.</summary>
    /// <inheritdoc cref="GenerateAsync(ReadOnlyMemory{int}, GenerationOptions?, StrategySpec?, CancellationToken)"/>
    public DecodeStream StreamAsync(
        ReadOnlyMemory<int> prompt, GenerationOptions? options = null, StrategySpec? strategy = null, CancellationToken cancellationToken = default)
    {
        (StrategySpec spec, IDecodingStrategy instance) = Choose(strategy);
        var request = new InferenceRequest(prompt, options ?? SuggestedOptions, instance);
        return new DecodeStream(
            async reading =>
            {
                CancellationToken either = reading.CanBeCanceled && !cancellationToken.CanBeCanceled ? reading : cancellationToken;
                return await _engine.StartAsync(request, either).ConfigureAwait(false);
            },
            result => Report(spec, result));
    }

    /// <summary>Tokens of a text as part of a longer one: nothing is put around it.</summary>
    public int CountTokens(string text) => Tokenizer.Encode(text, addSpecial: false).Length;

    /// <summary>How well the model predicts a text: windows of min(context, 512) tokens without overlap, BOS before each where the model has one.</summary>
    /// <param name="text">The text.</param>
    /// <param name="progress">Told the share that is done, 0 to 1.</param>
    /// <param name="cancellationToken">Stops between two windows.</param>
    /// <exception cref="ArgumentException">The text has no token to predict.</exception>
    public async Task<ScoreReport> ScoreAsync(string text, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        int[] tokens = Tokenizer.Encode(text, addSpecial: false);
        int window = Math.Min(ContextLength, ScoreWindow);
        double sum = 0;
        long count = 0;
        for (int start = 0; start < tokens.Length; start += window)
        {
            int[] part = [.. Bos(), .. tokens.AsSpan(start, Math.Min(window, tokens.Length - start))];
            if (part.Length < 2) continue; // one token with nothing before it
            var options = new GenerationOptions { MaxNewTokens = part.Length - 1, IgnoreEos = true, LogProbs = 0 };
            GenerationResult result = await _engine.GenerateAsync(new InferenceRequest(part, options, _scoring), cancellationToken).ConfigureAwait(false);
            foreach (TokenChoice choice in result.LogProbabilities) sum -= choice.LogProbability!.Value;
            count += result.LogProbabilities.Count;
            progress?.Report(Math.Min(1, (double)(start + window) / tokens.Length));
        }
        return count > 0 ? new ScoreReport(count, sum / count) : throw new ArgumentException("The text has no token to predict. Give a longer text.", nameof(text));
    }

    /// <summary>Ends what still runs and frees the model.</summary>
    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync().ConfigureAwait(false);
        _session.Dispose();
    }

    private int[] Bos() => (Tokenizer.BosId ?? Config.BosTokenId) is { } bos ? [bos] : [];

    private int[] Encode(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        int[] tokens = Tokenizer.Encode(prompt);
        if (tokens.Length == 0) tokens = Bos();
        return tokens.Length > 0 ? tokens : throw new ArgumentException("The prompt is empty, and this model has no token that begins a text. Give at least one word.", nameof(prompt));
    }

    private (StrategySpec Spec, IDecodingStrategy Strategy) Choose(StrategySpec? spec)
    {
        if (spec is null) return _strategies[0];
        foreach ((StrategySpec Spec, IDecodingStrategy Strategy) candidate in _strategies)
            if (candidate.Spec.Equals(spec)) return candidate;
        throw new StrategySpecException($"The model was not opened with strategy '{spec}'. Name it in LocalModelOptions.MoreStrategies; opened: {string.Join(", ", _strategies.Select(s => s.Spec))}.");
    }

    private DecodeReport Report(StrategySpec spec, GenerationResult result)
    {
        RequestStatistics statistics = result.Statistics;
        bool began = result.Timings.TokenCount > 0;
        SortedDictionary<int, int>? exits = statistics.TokenDepths is { } depths ? new(depths.CountBy(depth => depth).ToDictionary()) : null;
        return new DecodeReport
        {
            Text = result.Text ?? "",
            Tokens = result.Tokens,
            PromptTokens = result.PromptTokens,
            FinishReason = result.FinishReason,
            Seed = result.Seed,
            Strategy = spec.ToString(),
            Guarantee = result.Guarantee,
            TimeToFirstTokenMs = began ? result.Timings.TimeToFirstToken.TotalMilliseconds : null,
            TokensPerSecond = result.Timings.TokensPerSecond > 0 ? result.Timings.TokensPerSecond : null,
            TargetForwards = statistics.TargetForwards,
            LayerRows = statistics.LayerRows,
            VerifiedRows = statistics.VerifiedRows,
            DraftForwards = statistics.DraftForwards,
            DraftTokens = statistics.DraftTokens,
            AcceptedDraftTokens = statistics.AcceptedDraftTokens,
            MeanAcceptanceLength = statistics.MeanAcceptanceLength,
            DraftAcceptanceRate = statistics.DraftAcceptanceRate,
            Levels = statistics.Levels,
            SpeculativeSteps = statistics.SpeculativeSteps,
            AcceptanceHistogram = statistics.SpeculativeSteps == 0 ? [] : statistics.AcceptanceHistogram.TrimEnd(0).ToArray(),
            AcceptanceHistogramByDraftLength = statistics.AcceptanceByDraftLength(),
            AcceptanceByPosition = statistics.AcceptanceByPosition(),
            PerStepDrafted = statistics.PerStepDrafted,
            PerStepAccepted = statistics.PerStepAccepted,
            LayersByToken = statistics.TokenDepths,
            ExitsByLayer = exits,
            LayerSkipCounts = exits is null ? null : [.. Enumerable.Range(0, Config.LayerCount).Select(layer => exits.Sum(exit => exit.Key <= layer ? exit.Value : 0))],
            Rebatches = statistics.TokenDepths is null ? null : statistics.Rebatches,
            MeasuredSpeedup = spec.Equals(StrategySpec.Plain) ? 1 : result.MeasuredSpeedup,
            Decision = result.Decision,
        };
    }
}
