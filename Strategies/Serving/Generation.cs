using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Switchyard.Strategies.Serving;

/// <summary>A generation under way: a stream of tokens that one reader may follow, and the result.</summary>
/// <remarks>Disposing it before its end cancels it; once that returns, its place and its cache memory are free.</remarks>
public sealed class Generation : IAsyncDisposable
{
    private readonly Channel<GeneratedToken> _stream =
        Channel.CreateUnbounded<GeneratedToken>(new UnboundedChannelOptions { SingleWriter = true, SingleReader = true });
    private readonly TaskCompletionSource<GenerationResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<TokenChoice> _choices = [];
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenRegistration _registration;
    private long _admitted, _first = long.MinValue;
    private int _company;
    private volatile bool _cancelled;

    internal Generation(InferenceRequest request, ITokenText? vocabulary, TimeProvider time, CancellationToken cancellation)
    {
        Request = new DecodingRequest(request.Prompt.Span, request.Options, vocabulary, OnToken);
        (_time, _started, _cancellation) = (time, time.GetTimestamp(), cancellation);
        _registration = cancellation.UnsafeRegister(static state => ((Generation)state!).Cancel(), this);
    }

    /// <summary>The seed in use: the given one, or the one that was drawn.</summary>
    public ulong Seed => Request.Seed;

    /// <summary>
    /// The result; cancelled when the generation was, faulted with the error that ended it. Needs no reader of the stream.
    /// </summary>
    public Task<GenerationResult> Completion => _completion.Task;

    /// <summary>Touched by the decoding thread only.</summary>
    internal DecodingRequest Request { get; }

    internal bool IsCancelled => _cancelled;

    /// <summary>Ends the generation at the next step boundary.</summary>
    public void Cancel() => _cancelled = true;

    /// <summary>The tokens as they are decided, for one reader.</summary>
    /// <param name="cancellationToken">Stops reading; dispose the generation to stop decoding too.</param>
    /// <exception cref="OperationCanceledException">The generation was cancelled.</exception>
    public async IAsyncEnumerable<GeneratedToken> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (GeneratedToken token in _stream.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false)) yield return token;
    }

    /// <summary>Cancels what still runs and waits until its place is free: one step at most.</summary>
    public async ValueTask DisposeAsync()
    {
        Cancel();
        await _left.Task.ConfigureAwait(false);
    }

    /// <summary>Notes how many requests a step served.</summary>
    internal void SharedStep(int requests) => _company = Math.Max(_company, requests);

    internal void Admitted() => _admitted = _time.GetTimestamp();

    /// <summary>Completes stream and result. The strategy has given back the request's place.</summary>
    internal void Leave(IDecodingStrategy strategy, Exception? error)
    {
        _registration.Dispose();
        error ??= Request.Error;
        if (error is not null)
        {
            _stream.Writer.TryComplete(error);
            _completion.TrySetException(error);
            _ = _completion.Task.Exception; // seen: a caller may follow the stream alone
        }
        else if (Request.FinishReason is FinishReason.Cancelled)
        {
            _stream.Writer.TryComplete(new OperationCanceledException("The generation was cancelled.", _cancellation));
            _completion.TrySetCanceled(_cancellation);
        }
        else
        {
            _stream.Writer.TryComplete();
            _completion.TrySetResult(Result(strategy));
        }
        _left.TrySetResult();
    }

    private void OnToken(GeneratedToken token)
    {
        if (_first == long.MinValue) _first = _time.GetTimestamp();
        if (Request.Options.LogProbs is not null && token.Token != GeneratedToken.None) _choices.Add(token.Choice);
        _stream.Writer.TryWrite(token);
    }

    private GenerationResult Result(IDecodingStrategy strategy)
    {
        GenerationResult result = Counted(strategy);
        if (strategy is not IExplainsItself explains) return result;
        double? plain = _company > 1 ? null : explains.MeasuredPlainSeconds(Request.Tokens.Length - Request.Output.Length / 2);
        double speed = result.Timings.TokensPerSecond;
        return result with { Decision = explains.Explain(Request.Statistics), MeasuredSpeedup = speed > 0 ? speed * plain : null };
    }

    private GenerationResult Counted(IDecodingStrategy strategy) => new()
    {
        Tokens = Request.Output.ToArray(),
        Text = Request.Text,
        PromptTokens = Request.PromptLength,
        FinishReason = Request.FinishReason!.Value,
        Seed = Request.Seed,
        Strategy = strategy.Name,
        Guarantee = strategy.Guarantee,
        LogProbabilities = _choices,
        Statistics = Request.Statistics,
        Timings = new(
            _time.GetElapsedTime(_started, _admitted),
            _first == long.MinValue ? TimeSpan.Zero : _time.GetElapsedTime(_started, _first),
            _time.GetElapsedTime(_started, _time.GetTimestamp()),
            Request.Output.Length),
    };
}
