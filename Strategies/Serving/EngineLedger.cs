namespace Switchyard.Strategies.Serving;

/// <summary>How a request ended.</summary>
internal enum Outcome
{
    Completed,
    Cancelled,
    Failed,
}

/// <summary>Counts what an engine does, and keeps the places of its queue. The decoding thread writes; anyone may read.</summary>
internal sealed class EngineLedger(TimeProvider time, SemaphoreSlim places)
{
    private readonly Lock _gate = new();
    private EngineMetrics _metrics;

    public TimeProvider Time { get; } = time;

    /// <summary>Requests admitted and not yet gone, over all strategies.</summary>
    public int Running => Snapshot().Running;

    /// <summary>Nobody runs and nobody waits.</summary>
    public bool IsIdle => Snapshot() is { Running: 0, Waiting: 0 };

    public EngineMetrics Snapshot()
    {
        lock (_gate) return _metrics;
    }

    public void Started()
    {
        lock (_gate) _metrics = _metrics with { Started = _metrics.Started + 1, Waiting = _metrics.Waiting + 1 };
    }

    public void Admitted(int promptTokens)
    {
        lock (_gate)
            _metrics = _metrics with { Waiting = _metrics.Waiting - 1, Running = _metrics.Running + 1, PromptTokens = _metrics.PromptTokens + promptTokens };
        places.Release();
    }

    public void Stepped(StepStats stats, TimeSpan took)
    {
        lock (_gate) _metrics = _metrics with { Steps = _metrics.Steps + 1, Totals = _metrics.Totals + stats, StepTime = _metrics.StepTime + took };
    }

    public void Left(bool running, Outcome outcome)
    {
        lock (_gate)
        {
            _metrics = _metrics with
            {
                Running = _metrics.Running - (running ? 1 : 0),
                Waiting = _metrics.Waiting - (running ? 0 : 1),
                Completed = _metrics.Completed + (outcome == Outcome.Completed ? 1 : 0),
                Cancelled = _metrics.Cancelled + (outcome == Outcome.Cancelled ? 1 : 0),
                Failed = _metrics.Failed + (outcome == Outcome.Failed ? 1 : 0),
            };
        }
        if (!running) places.Release();
    }
}
