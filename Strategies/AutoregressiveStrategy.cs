using Switchyard.Model;
using Switchyard.Strategies.Passes;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Strategies;

/// <summary>One token per request per step, every layer. The oracle of every lossless strategy.</summary>
/// <param name="target">The model, its cache and its arena; the arena bounds the batch. Owned from here on.</param>
/// <param name="chunks">How much of waiting prompts a step runs; null for the defaults.</param>
public sealed class AutoregressiveStrategy(ModelRunner target, PromptChunks? chunks = null) : ISharedCacheStrategy
{
    private readonly ForwardPass _pass = new(target);
    private readonly Sampler _sampler = new();
    private readonly PromptChunks _chunks = chunks ?? PromptChunks.Default;
    private DecodingRequest[] _readers = new DecodingRequest[8]; // who reads the i-th row of logits

    /// <inheritdoc/>
    public string Name => "plain";

    /// <inheritdoc/>
    public DecodingGuarantee Guarantee => DecodingGuarantee.Lossless;

    /// <inheritdoc/>
    public bool TryAdmit(DecodingRequest request)
    {
        if (Admission.TryReserve(target, request) is not { } kv) return false;
        request.State = kv;
        return true;
    }

    /// <inheritdoc/>
    public int Slack => 0;

    /// <inheritdoc/>
    public bool TryAttach(DecodingRequest request, KvSequence kv)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.State = new Borrowed(kv);
        return true;
    }

    /// <inheritdoc/>
    public StepStats Step(ReadOnlySpan<DecodingRequest> batch)
    {
        if (batch.IsEmpty) return default;
        if (_readers.Length < batch.Length) Array.Resize(ref _readers, batch.Length);

        int decoding = 0;
        foreach (DecodingRequest request in batch)
        {
            KvSequence kv = Kv(request);
            kv.Reconcile(request.Tokens);
            if (kv.Length == request.Tokens.Length - 1 && Feed(request, kv, 1)) decoding++;
        }
        int budget = _chunks.Budget(decoding, _pass.Room);
        foreach (DecodingRequest request in batch)
        {
            KvSequence kv = Kv(request);
            if (budget == 0 || kv.Staged > 0) continue;
            Feed(request, kv, budget);
            budget -= kv.Staged;
        }

        try
        {
            _pass.Run();
            foreach (DecodingRequest request in batch) Commit(request);
            var reader = new TokenReader(_readers, _sampler);
            _pass.Readout(ref reader);
            return new StepStats(reader.Emitted, LayerRows: (long)_pass.Rows.Length * target.Model.Config.LayerCount, TargetForwards: 1);
        }
        finally
        {
            _pass.Clear();
        }
    }

    /// <inheritdoc/>
    public void Release(DecodingRequest request)
    {
        if (request.State is KvSequence kv) target.Pool.Return(kv);
        if (request.State is KvSequence or Borrowed) request.State = null;
    }

    /// <summary>Frees the runner.</summary>
    public void Dispose() => target.Dispose();

    private static KvSequence Kv(DecodingRequest request) =>
        request.State as KvSequence ?? (request.State as Borrowed)?.Kv ?? throw new InvalidOperationException("The request was not admitted to this strategy. Call TryAdmit first.");

    private bool Feed(DecodingRequest request, KvSequence kv, int most)
    {
        int last = _pass.Feed(kv, request.Tokens, most);
        if (last < 0) return false;
        _readers[_pass.Want(last)] = request;
        return true;
    }

    private void Commit(DecodingRequest request)
    {
        KvSequence kv = Kv(request);
        if (kv.Staged == 0) return;
        request.Statistics.TargetForwards++;
        request.Statistics.LayerRows += (long)kv.Staged * target.Model.Config.LayerCount;
        kv.CommitAll();
    }

    /// <summary>A cache that somebody else gives back.</summary>
    private sealed record Borrowed(KvSequence Kv);

    /// <summary>Chooses each reader's next token as its logits come by.</summary>
    private ref struct TokenReader(ReadOnlySpan<DecodingRequest> readers, Sampler sampler) : ILogitsReader
    {
        private readonly ReadOnlySpan<DecodingRequest> _readers = readers;

        public int Emitted { get; private set; }

        public void Read(int index, ReadOnlySpan<float> logits)
        {
            DecodingRequest request = _readers[index];
            try
            {
                request.Emit(sampler.Choose(logits, request.Sampler));
                Emitted++;
            }
            catch (LogitsException e)
            {
                request.Fail(e);
            }
        }
    }
}
