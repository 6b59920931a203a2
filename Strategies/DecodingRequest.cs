using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Switchyard.Strategies.Sampling;

namespace Switchyard.Strategies;

/// <summary>One sequence being decoded: its tokens, how to choose the next one, and when to stop.</summary>
/// <remarks>Used by one thread at a time. Without a token sink, emitting allocates nothing but the growth of its own lists.</remarks>
public sealed class DecodingRequest
{
    private const int InitialCapacity = 1024; // tokens reserved at first, so that short outputs never grow the list

    private readonly List<int> _tokens;
    private readonly ITokenText? _vocabulary;
    private readonly Action<GeneratedToken>? _onToken;
    private readonly OutputText? _text;

    /// <summary>Makes a request that has generated nothing yet.</summary>
    /// <param name="prompt">Token ids, at least one; copied.</param>
    /// <param name="options">How to choose and when to stop.</param>
    /// <param name="vocabulary">Gives tokens their text and names the end-of-text tokens; needed for stop strings and text.</param>
    /// <param name="onToken">Told of every token as it is emitted, on the decoding thread.</param>
    /// <exception cref="ArgumentException">The prompt is empty or has an id outside the vocabulary.</exception>
    /// <exception cref="GenerationOptionsException">An option is outside its range, or asks for stop strings without a vocabulary.</exception>
    public DecodingRequest(
        ReadOnlySpan<int> prompt, GenerationOptions options, ITokenText? vocabulary = null, Action<GeneratedToken>? onToken = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        CheckPrompt(prompt, vocabulary?.TokenCount ?? int.MaxValue);
        options.Validate(vocabulary?.TokenCount ?? int.MaxValue);
        if (vocabulary is null && options.StopStrings.Count > 0)
            throw new GenerationOptionsException(nameof(GenerationOptions.StopStrings), "stop strings need a vocabulary to find them with; give the request one.");

        _tokens = new List<int>(prompt.Length + Math.Min(options.MaxNewTokens ?? InitialCapacity, InitialCapacity));
        _tokens.AddRange(prompt);
        (_vocabulary, _onToken, _text) = (vocabulary, onToken, vocabulary is null ? null : new OutputText(options.StopStrings));
        (PromptLength, Options, Seed) = (prompt.Length, options, options.Seed ?? DrawSeed());
        Sampler = new SamplerState(options, Seed, prompt);
    }

    /// <summary>Prompt, then output. The last token is decided but not yet in any KV cache: it is the root of the next step.</summary>
    public ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(_tokens);

    /// <summary>Tokens of the prompt.</summary>
    public int PromptLength { get; }

    /// <summary>Generated tokens, the one that ended the request included.</summary>
    public ReadOnlySpan<int> Output => Tokens[PromptLength..];

    /// <summary>How to choose and when to stop.</summary>
    public GenerationOptions Options { get; }

    /// <summary>The seed in use: the given one, or the one that was drawn.</summary>
    public ulong Seed { get; }

    /// <summary>What choosing the next token depends on beside the logits; stands after the last of <see cref="Tokens"/>.</summary>
    public SamplerState Sampler { get; }

    /// <summary>What the request cost so far.</summary>
    public RequestStatistics Statistics { get; } = new();

    /// <summary>Owned by the strategy between <see cref="IDecodingStrategy.TryAdmit"/> and <see cref="IDecodingStrategy.Release"/>.</summary>
    public object? State { get; set; }

    /// <summary>Positions the context has: set by the strategy on admission. The last one is usable.</summary>
    public int ContextLimit { get; set; } = int.MaxValue;

    /// <summary>Tokens that may still be emitted: trees and chains shrink to it. 0 once finished.</summary>
    public int RemainingTokens => IsFinished ? 0 : (int)Math.Max(0, Math.Min(
        (Options.MaxNewTokens ?? int.MaxValue) - (long)Output.Length, (long)ContextLimit + 1 - _tokens.Count));

    /// <summary>Why the request ended; null while it runs.</summary>
    public FinishReason? FinishReason { get; private set; }

    /// <summary>Whether the request ended.</summary>
    public bool IsFinished => FinishReason is not null;

    /// <summary>The error that ended this request alone, if one did.</summary>
    public Exception? Error { get; private set; }

    /// <summary>The output as text, cut before a stop string; null without a vocabulary.</summary>
    public string? Text => _text?.Text;

    /// <summary>Appends a decided token; see <see cref="Emit(TokenChoice)"/>.</summary>
    public bool Emit(int token) => Emit(new TokenChoice(token));

    /// <summary>
    /// Appends a decided token, advances <see cref="Sampler"/>, and ends the request on a stop token, a completed stop
    /// string, the last token asked for or a full context.
    /// </summary>
    /// <returns>False once the request is finished: tokens that come after are dropped.</returns>
    public bool Emit(TokenChoice choice) => Emit(choice, isDrafted: false);

    /// <inheritdoc cref="Emit(TokenChoice)"/>
    /// <param name="choice">What the model chose.</param>
    /// <param name="isDrafted">Whether a drafter had guessed it; changes nothing but what streams say of the token.</param>
    /// <param name="draftLevel">Which level of a ladder guessed or last kept it, from 0 at the bottom; null where there is none.</param>
    public bool Emit(TokenChoice choice, bool isDrafted, int? draftLevel = null)
    {
        if (IsFinished) return false;
        int token = choice.Token;
        _tokens.Add(token);
        Sampler.Advance(token);

        bool ends = _vocabulary is not null && !Options.IgnoreEos && _vocabulary.EndsText(token);
        if (ends || Contains(Options.StopTokens, token) || (_text is not null && _text.Append(_vocabulary!.Bytes(token))))
            FinishReason = Strategies.FinishReason.Stop;
        else if (Output.Length >= Options.MaxNewTokens) FinishReason = Strategies.FinishReason.Length;
        else if (_tokens.Count > ContextLimit) FinishReason = Strategies.FinishReason.ContextFull;

        _onToken?.Invoke(new GeneratedToken(token, _text?.Take(IsFinished) ?? "", choice, FinishReason) { IsDrafted = isDrafted, DraftLevel = draftLevel });
        return !IsFinished;
    }

    /// <summary>Ends the request without a further token; text that was held back is handed out. Later calls change nothing.</summary>
    public void Finish(FinishReason reason)
    {
        if (IsFinished) return;
        FinishReason = reason;
        if (_text?.Take(final: true) is { Length: > 0 } rest)
            _onToken?.Invoke(new GeneratedToken(GeneratedToken.None, rest, new TokenChoice(GeneratedToken.None), reason));
    }

    /// <summary>Ends this request alone with an error, such as logits that are not numbers.</summary>
    public void Fail(Exception error)
    {
        if (IsFinished) return;
        Error = error;
        Finish(Strategies.FinishReason.Failed);
    }

    private static bool Contains(IReadOnlyCollection<int> stops, int token)
    {
        if (stops.Count == 0) return false; // an enumerator of an interface allocates: stop tokens are few, and usually none
        if (stops is IReadOnlySet<int> set) return set.Contains(token);
        if (stops is ICollection<int> collection) return collection.Contains(token);
        foreach (int stop in stops) if (stop == token) return true;
        return false;
    }

    private static void CheckPrompt(ReadOnlySpan<int> prompt, int vocabularySize)
    {
        if (prompt.IsEmpty) throw new ArgumentException("A prompt needs at least one token; start with the model's BOS token.", nameof(prompt));
        foreach (int token in prompt)
            if ((uint)token >= (uint)vocabularySize)
                throw new ArgumentException($"Prompt token {token} is not in the vocabulary; ids run from 0 to {vocabularySize - 1}. Tokenize with the model's own tokenizer.", nameof(prompt));
    }

    private static ulong DrawSeed()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes) >> 1; // fits a signed 64-bit seed, as chat interfaces have
    }
}
