using Switchyard.Model;

namespace Switchyard.Strategies.Passes;

/// <summary>What every strategy checks and reserves when a request asks to be admitted.</summary>
public static class Admission
{
    /// <summary>Reserves cache room for a request: its prompt, all it may generate, and <paramref name="slack"/> staged slots more.</summary>
    /// <param name="runner">The model and its pool.</param>
    /// <param name="request">The request; its context limit is set.</param>
    /// <param name="slack">Slots that trees may stage beyond the request's own tokens.</param>
    /// <returns>The cache, empty; null while there is no room.</returns>
    /// <exception cref="ContextOverflowException">The prompt does not fit the model's context, or the pool can never hold the request.</exception>
    public static KvSequence? TryReserve(ModelRunner runner, DecodingRequest request, int slack = 0)
    {
        int context = runner.Model.ContextLength;
        if (request.PromptLength > context)
            throw new ContextOverflowException($"The prompt has {request.PromptLength} tokens; the context holds {context}. Shorten the prompt or open the model with a longer context.");
        KvSequence? kv = runner.Pool.TryRent(SlotsNeeded(request, context) + slack);
        if (kv is not null) request.ContextLimit = Math.Min(request.ContextLimit, context);
        return kv;
    }

    /// <summary>Slots that prompt and output take at most: the last token decided is never cached.</summary>
    public static int SlotsNeeded(DecodingRequest request, int context) =>
        (int)Math.Min(context, request.PromptLength + (long)(request.Options.MaxNewTokens ?? int.MaxValue) - 1);
}
