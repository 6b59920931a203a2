namespace Switchyard.Tuning;

/// <summary>What tuning measured, and which strategy it advises.</summary>
public sealed record TuneReport
{
    /// <summary>The model, as it was named.</summary>
    public required string Model { get; init; }

    /// <summary>The model's shape: a strategy that was measured on one shape says nothing of another.</summary>
    public required string Shape { get; init; }

    /// <summary>What was measured on: the form of the kernels and the threads.</summary>
    public required string Machine { get; init; }

    /// <summary>The fastest strategy, as it is spelt; plain where nothing else was worth it.</summary>
    public required string Strategy { get; init; }

    /// <summary>Every candidate, the fastest first.</summary>
    public required IReadOnlyList<TunedCandidate> Candidates { get; init; }
}

/// <summary>One strategy and how fast it was.</summary>
/// <param name="Strategy">As it is spelt.</param>
/// <param name="TimesPlain">Median over rounds of plain decoding's time over its own, prompts left out.</param>
/// <param name="Lowest">The lowest of the rounds.</param>
/// <param name="Highest">The highest of the rounds.</param>
/// <param name="TokensPerSecond">Median tokens a second after the first.</param>
/// <param name="Rounds">Rounds it took part in: those far behind are not measured to the end.</param>
public sealed record TunedCandidate(string Strategy, double TimesPlain, double Lowest, double Highest, double TokensPerSecond, int Rounds);

/// <summary>How far tuning is.</summary>
/// <param name="Round">The round, from 1; 0 for the one that warms up and does not count.</param>
/// <param name="Rounds">Rounds in all.</param>
/// <param name="Strategy">What runs now.</param>
/// <param name="Done">Share of all runs that is done, 0 to 1.</param>
public readonly record struct TuneProgress(int Round, int Rounds, string Strategy, double Done);
