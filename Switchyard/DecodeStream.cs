using System.Runtime.CompilerServices;
using Switchyard.Strategies;
using Switchyard.Strategies.Serving;

namespace Switchyard;

/// <summary>Tokens of one request as they are decided, and the report once it has ended. Enumerate it once.</summary>
/// <remarks>The request starts when enumeration does; leaving the loop early cancels it within one step.</remarks>
public sealed class DecodeStream : IAsyncEnumerable<GeneratedToken>
{
    private readonly Func<CancellationToken, ValueTask<Generation>> _start;
    private readonly Func<GenerationResult, DecodeReport> _report;
    private DecodeReport? _done;
    private int _enumerated;

    internal DecodeStream(Func<CancellationToken, ValueTask<Generation>> start, Func<GenerationResult, DecodeReport> report) =>
        (_start, _report) = (start, report);

    /// <summary>What was produced and what it cost.</summary>
    /// <exception cref="InvalidOperationException">The stream was not read to its end.</exception>
    public DecodeReport Report => _done ?? throw new InvalidOperationException("The report is there once the stream has been read to its end.");

    /// <summary>Whether <see cref="Report"/> is there.</summary>
    public bool IsCompleted => _done is not null;

    /// <inheritdoc/>
    public async IAsyncEnumerator<GeneratedToken> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _enumerated, 1) == 1) throw new InvalidOperationException("A stream can be read once; start another request.");
        Generation generation = await _start(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable _ = generation.ConfigureAwait(false);
        await foreach (GeneratedToken token in generation.ReadAllAsync(cancellationToken).ConfigureAwait(false)) yield return token;
        _done = _report(await generation.Completion.ConfigureAwait(false));
    }
}
