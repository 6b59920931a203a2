using System.Runtime.CompilerServices;

namespace Switchyard.Strategies.Serving;

/// <summary>Serves many requests at once: continuous batching on one decoding thread.</summary>
/// <remarks>
/// The decoding thread owns the strategies, and with them the models and their caches; callers only pass messages to it,
/// from any thread. Requests are grouped by strategy instance and the groups take turns, a step each. A cancelled request
/// leaves at the next step boundary and takes nothing from its neighbours. An exception out of a strategy's step ends every
/// request of that strategy, present and future, with that same exception; the other strategies go on.
/// </remarks>
public sealed class InferenceEngine : IAsyncDisposable
{
    private readonly List<StrategyGroup> _groups = [];
    private readonly ITokenText? _vocabulary;
    private readonly EngineLedger _ledger;
    private readonly SemaphoreSlim _places; // free places in the queue
    private readonly CancellationTokenSource _closing = new();
    private readonly AutoResetEvent _work = new(false);
    private readonly Lock _gate = new();
    private readonly Queue<(StrategyGroup Group, Generation Generation)> _inbox = new(); // under _gate
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _closed; // under _gate

    /// <summary>Starts an engine over one strategy, which it disposes with itself.</summary>
    public InferenceEngine(IDecodingStrategy strategy, ITokenText? vocabulary = null, EngineOptions? options = null)
        : this([strategy], vocabulary, options)
    {
    }

    /// <summary>Starts an engine over several strategies, which it disposes with itself.</summary>
    /// <param name="strategies">At least one; requests that name none get the first.</param>
    /// <param name="vocabulary">The text of tokens; without it there is no text and there are no stop strings.</param>
    /// <param name="options">Limits.</param>
    public InferenceEngine(IReadOnlyList<IDecodingStrategy> strategies, ITokenText? vocabulary = null, EngineOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(strategies);
        if (strategies.Count == 0) throw new ArgumentException("An engine needs at least one strategy.", nameof(strategies));
        options ??= new EngineOptions();
        options.Validate();
        _vocabulary = vocabulary;
        _places = new SemaphoreSlim(options.MaxQueue, options.MaxQueue);
        _ledger = new EngineLedger(options.Time, _places);
        foreach (IDecodingStrategy strategy in strategies) _groups.Add(new StrategyGroup(strategy, options.MaxBatch, _ledger));
        new Thread(Run) { IsBackground = true, Name = "Switchyard decoding" }.Start();
    }

    /// <summary>Counts at this moment.</summary>
    public EngineMetrics Metrics => _ledger.Snapshot();

    /// <summary>Queues a request; waits for a place when the queue is full.</summary>
    /// <param name="request">What to decode.</param>
    /// <param name="cancellationToken">Cancels the waiting and the generation.</param>
    /// <returns>The generation: dispose it, or let it run to its end.</returns>
    /// <exception cref="ArgumentException">The request has bad options or tokens, or names a strategy of another engine.</exception>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    public ValueTask<Generation> StartAsync(InferenceRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        StrategyGroup? group = request.Strategy is null ? _groups[0] : _groups.Find(g => ReferenceEquals(g.Strategy, request.Strategy));
        if (group is null)
            throw new ArgumentException($"The strategy '{request.Strategy!.Name}' is not one of this engine's; pass one it was made with.", nameof(request));
        return Start();

        async ValueTask<Generation> Start()
        {
            await TakePlace(cancellationToken).ConfigureAwait(false);
            Generation? generation = null;
            try
            {
                generation = new Generation(request, _vocabulary, _ledger.Time, cancellationToken);
                Post(group, generation);
                return generation;
            }
            catch (Exception refusal)
            {
                generation?.Leave(group.Strategy, refusal);
                _places.Release();
                throw;
            }
        }
    }

    /// <summary>Decodes a request, yielding each token as it is decided. Leaving the loop early frees its place before it returns.</summary>
    /// <inheritdoc cref="StartAsync"/>
    public IAsyncEnumerable<GeneratedToken> StreamAsync(InferenceRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Stream(request, cancellationToken);
    }

    /// <summary>Decodes a request to its end: the stream, collected.</summary>
    /// <inheritdoc cref="StartAsync"/>
    public async Task<GenerationResult> GenerateAsync(InferenceRequest request, CancellationToken cancellationToken = default)
    {
        Generation generation = await StartAsync(request, cancellationToken).ConfigureAwait(false);
        return await generation.Completion.ConfigureAwait(false);
    }

    /// <summary>
    /// Ends every request with <see cref="ObjectDisposedException"/> at the next step boundary, and disposes the strategies.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        lock (_gate) _closed = true;
        _work.Set();
        await _ended.Task.ConfigureAwait(false);
    }

    private async IAsyncEnumerable<GeneratedToken> Stream(InferenceRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Generation generation = await StartAsync(request, cancellationToken).ConfigureAwait(false);
        await using (generation.ConfigureAwait(false))
        {
            await foreach (GeneratedToken token in generation.ReadAllAsync(cancellationToken).ConfigureAwait(false)) yield return token;
        }
    }

    private async ValueTask TakePlace(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        try
        {
            await _places.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ObjectDisposedException(nameof(InferenceEngine));
        }
    }

    private void Post(StrategyGroup group, Generation generation)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _ledger.Started();
            _inbox.Enqueue((group, generation));
        }
        _work.Set();
    }

    private void Run()
    {
        Exception? broken = null;
        try
        {
            while (Collect())
            {
                foreach (StrategyGroup group in _groups) group.Turn();
                if (_ledger.IsIdle) _work.WaitOne();
            }
        }
        catch (Exception e) // a defect of the engine itself must not leave anyone waiting
        {
            broken = e;
        }
        End(broken);
    }

    // False once the engine is closed.
    private bool Collect()
    {
        lock (_gate)
        {
            while (_inbox.TryDequeue(out var entry)) entry.Group.Enqueue(entry.Generation);
            return !_closed;
        }
    }

    private void End(Exception? broken)
    {
        lock (_gate) _closed = true;
        try
        {
            Collect();
            foreach (StrategyGroup group in _groups) group.FailAll(broken ?? new ObjectDisposedException(nameof(InferenceEngine)));
            foreach (StrategyGroup group in _groups) group.Strategy.Dispose();
            _ended.TrySetResult();
        }
        catch (Exception e)
        {
            _ended.TrySetException(e);
        }
    }
}
