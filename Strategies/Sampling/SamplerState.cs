using System.Runtime.InteropServices;

namespace Switchyard.Strategies.Sampling;

/// <summary>
/// What choosing a token depends on beside the logits: options, seed, position, and which tokens came before as far as the
/// penalties look at them.
/// </summary>
/// <remarks>
/// Advances along a walk of tokens and can be taken back, so a drafter or a tree walk can look ahead on a request's own
/// state or on a <see cref="Copy"/> of it. Without penalties it is a position and nothing more.
/// </remarks>
public sealed class SamplerState
{
    private readonly Dictionary<int, TokenCounts>? _counts; // null: no penalty is in use
    private readonly List<int>? _history;
    private readonly int _promptLength;

    /// <summary>Makes the state that stands after <paramref name="prompt"/>.</summary>
    public SamplerState(GenerationOptions options, ulong seed, ReadOnlySpan<int> prompt)
    {
        ArgumentNullException.ThrowIfNull(options);
        (Options, Seed, _promptLength) = (options, seed, prompt.Length);
        Bias = options.LogitBias is { Count: > 0 } bias ? [.. bias] : [];
        if (options is { RepetitionPenalty: 1, FrequencyPenalty: 0, PresencePenalty: 0 })
        {
            Position = prompt.Length;
            return;
        }
        (_counts, _history) = ([], new List<int>(prompt.Length + 1024));
        foreach (int token in prompt) Advance(token);
    }

    private SamplerState(SamplerState other)
    {
        (Options, Seed, Position, _promptLength) = (other.Options, other.Seed, other.Position, other._promptLength);
        Bias = other.Bias;
        if (other._counts is null) return;
        (_counts, _history) = (new(other._counts), new(other._history!));
    }

    /// <summary>How tokens are chosen.</summary>
    public GenerationOptions Options { get; }

    /// <summary>The seed of the noise.</summary>
    public ulong Seed { get; }

    /// <summary>Index in the sequence of the token to be chosen next: how many came before.</summary>
    public int Position { get; private set; }

    /// <summary>Tokens the penalties look at, and how often each occurs; null when no penalty is in use.</summary>
    internal Dictionary<int, TokenCounts>? Counts => _counts;

    /// <summary>The bias of single tokens, as an array that can be walked without allocating.</summary>
    internal KeyValuePair<int, float>[] Bias { get; }

    /// <summary>Goes on by one token.</summary>
    public void Advance(int token)
    {
        if (_counts is not null)
        {
            _history!.Add(token);
            Count(token, 1, Position >= _promptLength ? 1 : 0);
            if (Options.RepetitionWindow is { } window && Position >= window) Count(_history[Position - window], -1, 0);
        }
        Position++;
    }

    /// <summary>Goes back to <paramref name="position"/>, which it passed: everything advanced since is undone.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position lies ahead, or inside the prompt.</exception>
    public void Rewind(int position)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, Position);
        ArgumentOutOfRangeException.ThrowIfLessThan(position, _promptLength);
        while (Position > position)
        {
            Position--;
            if (_counts is null) continue;
            int token = _history![Position];
            _history.RemoveAt(Position);
            Count(token, -1, -1);
            if (Options.RepetitionWindow is { } window && Position >= window) Count(_history[Position - window], 1, 0);
        }
    }

    /// <summary>A state of its own that stands at the same place.</summary>
    public SamplerState Copy() => new(this);

    private void Count(int token, int seen, int generated)
    {
        ref TokenCounts counts = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts!, token, out _);
        counts = new(counts.Seen + seen, counts.Generated + generated);
        if (counts == default) _counts!.Remove(token);
    }

    /// <summary>How often a token occurs in the repetition window, and how often it was generated.</summary>
    internal readonly record struct TokenCounts(int Seen, int Generated);
}
