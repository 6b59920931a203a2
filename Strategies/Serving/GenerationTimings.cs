namespace Switchyard.Strategies.Serving;

/// <summary>How long the parts of one generation took.</summary>
/// <param name="Queued">From the start until it was admitted.</param>
/// <param name="TimeToFirstToken">From the start to the first token; zero when there was none.</param>
/// <param name="Total">From the start to the end.</param>
/// <param name="TokenCount">Tokens generated.</param>
public readonly record struct GenerationTimings(TimeSpan Queued, TimeSpan TimeToFirstToken, TimeSpan Total, int TokenCount)
{
    /// <summary>Tokens after the first, per second after the first; 0 when there were fewer than two.</summary>
    public double TokensPerSecond =>
        TokenCount < 2 || Total <= TimeToFirstToken ? 0 : (TokenCount - 1) / (Total - TimeToFirstToken).TotalSeconds;
}
