namespace Switchyard.Strategies.Serving;

/// <summary>The requests of one strategy instance. Used by the decoding thread alone.</summary>
internal sealed class StrategyGroup(IDecodingStrategy strategy, int maxBatch, EngineLedger ledger)
{
    private readonly LinkedList<Generation> _waiting = [];
    private readonly List<Generation> _running = new(maxBatch);
    private readonly DecodingRequest[] _batch = new DecodingRequest[maxBatch];
    private Exception? _fault;

    public IDecodingStrategy Strategy => strategy;

    public void Enqueue(Generation generation)
    {
        if (_fault is not null) LeaveQueue(generation, _fault);
        else _waiting.AddLast(generation);
    }

    /// <summary>Lets cancelled requests go, admits waiting ones in order, runs one step, lets finished ones go.</summary>
    public void Turn()
    {
        try
        {
            Drop();
            Admit();
            if (_running.Count == 0) return;
            for (int i = 0; i < _running.Count; i++)
            {
                _batch[i] = _running[i].Request;
                _running[i].SharedStep(_running.Count);
            }
            long start = ledger.Time.GetTimestamp();
            StepStats stats = strategy.Step(_batch.AsSpan(0, _running.Count));
            ledger.Stepped(stats, ledger.Time.GetElapsedTime(start));
            Drop();
        }
        catch (Exception fault) // whatever broke the strategy reaches everyone who waits for it
        {
            _fault = fault;
            FailAll(fault);
        }
        finally
        {
            Array.Clear(_batch);
        }
    }

    /// <summary>Ends every request with the same error.</summary>
    public void FailAll(Exception error)
    {
        foreach (Generation generation in _running)
        {
            try
            {
                strategy.Release(generation.Request);
            }
            catch (Exception fault) // a broken strategy may not be able to let go: the first error is the one to report
            {
                error = _fault ??= fault;
            }
            ledger.Left(running: true, Outcome.Failed);
            generation.Leave(strategy, error);
        }
        _running.Clear();
        foreach (Generation generation in _waiting) LeaveQueue(generation, error);
        _waiting.Clear();
    }

    private void Admit()
    {
        while (_running.Count < maxBatch && _waiting.First is { } node)
        {
            Generation generation = node.Value;
            try
            {
                if (!strategy.TryAdmit(generation.Request))
                {
                    if (ledger.Running > 0) return; // somebody will leave and make room
                    throw new AdmissionException(
                        $"The strategy '{strategy.Name}' has no room for a prompt of {generation.Request.PromptLength} tokens although nothing else runs. Give the cache more room, or ask for fewer tokens.");
                }
            }
            catch (Exception refusal) // this request's own: the others go on
            {
                _waiting.RemoveFirst();
                LeaveQueue(generation, refusal);
                continue;
            }
            _waiting.RemoveFirst();
            _running.Add(generation);
            generation.Admitted();
            ledger.Admitted(generation.Request.PromptLength);
        }
    }

    private void Drop()
    {
        for (LinkedListNode<Generation>? node = _waiting.First, next; node is not null; node = next)
        {
            next = node.Next;
            if (!node.Value.IsCancelled) continue;
            _waiting.Remove(node);
            LeaveQueue(node.Value, null);
        }
        for (int i = 0; i < _running.Count;)
        {
            Generation generation = _running[i];
            DecodingRequest request = generation.Request;
            if (generation.IsCancelled) request.Finish(FinishReason.Cancelled);
            if (!request.IsFinished)
            {
                i++;
                continue;
            }
            strategy.Release(request);
            _running.RemoveAt(i);
            ledger.Left(running: true, request.Error is not null ? Outcome.Failed
                : request.FinishReason is FinishReason.Cancelled ? Outcome.Cancelled : Outcome.Completed);
            generation.Leave(strategy, null);
        }
    }

    private void LeaveQueue(Generation generation, Exception? error)
    {
        if (error is null) generation.Request.Finish(FinishReason.Cancelled);
        ledger.Left(running: false, error is null ? Outcome.Cancelled : Outcome.Failed);
        generation.Leave(strategy, error);
    }
}
