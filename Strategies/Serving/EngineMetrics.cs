namespace Switchyard.Strategies.Serving;

/// <summary>An engine's counts at one moment, since it was made.</summary>
public readonly record struct EngineMetrics
{
    /// <summary>Requests that were started.</summary>
    public long Started { get; init; }

    /// <summary>Requests waiting for a place now.</summary>
    public int Waiting { get; init; }

    /// <summary>Requests being decoded now.</summary>
    public int Running { get; init; }

    /// <summary>Requests that ended by themselves.</summary>
    public long Completed { get; init; }

    /// <summary>Requests that were cancelled or abandoned.</summary>
    public long Cancelled { get; init; }

    /// <summary>Requests that ended with an error.</summary>
    public long Failed { get; init; }

    /// <summary>Prompt tokens of admitted requests.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Strategy steps.</summary>
    public long Steps { get; init; }

    /// <summary>Σ of what the steps reported.</summary>
    public StepStats Totals { get; init; }

    /// <summary>Time spent in steps.</summary>
    public TimeSpan StepTime { get; init; }

    /// <summary>Tokens emitted per second of step time; 0 before the first step.</summary>
    public double TokensPerSecond => StepTime <= TimeSpan.Zero ? 0 : Totals.Emitted / StepTime.TotalSeconds;
}
