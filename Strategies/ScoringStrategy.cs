using Switchyard.Model;
using Switchyard.Strategies.Passes;
using Switchyard.Strategies.Sampling;
using Switchyard.Tensor;

namespace Switchyard.Strategies;

/// <summary>
/// Reads a text instead of writing one: "emits" each token of the prompt after the first, with its log-probability under the
/// model. Perplexity is a request like any other, and takes turns with them.
/// </summary>
/// <remarks>
/// Requests need <see cref="GenerationOptions.IgnoreEos"/> and as many <see cref="GenerationOptions.MaxNewTokens"/> as the prompt
/// has tokens, less one. Company changes nobody's numbers.
/// </remarks>
/// <param name="open">Makes the model's runner when the first request asks for admission, on the decoding thread; owned from there on.</param>
public sealed class ScoringStrategy(Func<ModelRunner> open) : IDecodingStrategy
{
    private ForwardPass? _pass;
    private float[] _exponentials = [];

    /// <inheritdoc/>
    public string Name => "score";

    /// <inheritdoc/>
    public DecodingGuarantee Guarantee => DecodingGuarantee.Lossless;

    /// <inheritdoc/>
    public bool TryAdmit(DecodingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        int slots = request.PromptLength - 1; // the last token is predicted, not run
        if (slots < 1 || request.Options.MaxNewTokens != slots || !request.Options.IgnoreEos)
            throw new ArgumentException("Scoring needs a prompt of two tokens or more, MaxNewTokens one less than its length, and IgnoreEos.", nameof(request));
        _pass ??= new ForwardPass(open());
        ModelRunner target = _pass.Runner;
        if (slots > target.Model.ContextLength)
            throw new ContextOverflowException($"The text has {request.PromptLength} tokens; one window holds {target.Model.ContextLength + 1}. Score it in windows.");
        if (target.Pool.TryRent(slots) is not { } kv) return false;
        request.State = kv;
        return true;
    }

    /// <inheritdoc/>
    public StepStats Step(ReadOnlySpan<DecodingRequest> batch)
    {
        if (batch.IsEmpty || _pass is null) return default;
        TransformerModel model = _pass.Runner.Model;
        DecodingRequest request = batch[0]; // a window fills the arena: one after another is as fast as together
        var kv = (KvSequence)(request.State ?? throw new InvalidOperationException("The request was not admitted to this strategy. Call TryAdmit first."));
        ReadOnlySpan<int> text = request.Tokens[..request.PromptLength];
        if (_exponentials.Length < model.Config.VocabSize) _exponentials = new float[model.Config.VocabSize];
        try
        {
            int first = kv.Length;
            _pass.Feed(kv, text[..^1], int.MaxValue);
            foreach (int row in _pass.Rows) _pass.Want(row);
            _pass.Run();
            kv.CommitAll();
            request.Statistics.TargetForwards++;
            request.Statistics.LayerRows += (long)_pass.Rows.Length * model.Config.LayerCount;
            var reader = new Reader(request, first, _exponentials);
            _pass.Readout(ref reader);
            return new StepStats(_pass.Rows.Length, LayerRows: (long)_pass.Rows.Length * model.Config.LayerCount, TargetForwards: 1);
        }
        finally
        {
            _pass.Clear();
        }
    }

    /// <inheritdoc/>
    public void Release(DecodingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.State is not KvSequence kv) return;
        _pass?.Runner.Pool.Return(kv);
        request.State = null;
    }

    /// <summary>Frees the runner.</summary>
    public void Dispose() => _pass?.Runner.Dispose();

    /// <summary>Gives each row's next token its probability.</summary>
    private readonly ref struct Reader(DecodingRequest request, int first, Span<float> exponentials) : ILogitsReader
    {
        private readonly Span<float> _exponentials = exponentials;

        public void Read(int index, ReadOnlySpan<float> logits)
        {
            int position = first + index, next = request.Tokens[position + 1];
            float max = LogitScan.Max(logits, out bool finite);
            if (!finite)
            {
                request.Fail(new LogitsException($"The logits after position {position} are not all finite numbers. The weights are damaged or overflow; check the file."));
                return;
            }
            Span<float> exponentials = _exponentials[..logits.Length];
            LogitScan.Exponentials(logits, max, 1, exponentials);
            double logProbability = logits[next] - max - CanonicalMath.Log(LogitScan.Sum(exponentials));
            request.Emit(new TokenChoice(next, (float)logProbability));
        }
    }
}
