using Switchyard.Model;
using Switchyard.Strategies;

namespace Switchyard.Properties;

/// <summary>What came of decoding a workload.</summary>
/// <param name="Requests">The requests, finished or cancelled.</param>
/// <param name="Stats">Counts of all steps.</param>
/// <param name="Complaint">What the strategy did that no strategy may; null for nothing.</param>
internal sealed record DecodedWorkload(DecodingRequest[] Requests, StepStats Stats, string? Complaint);

/// <summary>Serves a workload with one strategy, as a scheduler would: requests arrive, wait for room, share steps, leave.</summary>
internal sealed class WorkloadDecoder
{
    private readonly LawRun _run;
    private readonly Workload _work;
    private readonly IDecodingStrategy _strategy;
    private readonly KvPool _pool;
    private readonly CaseRandom _random;
    private readonly bool _alone;
    private readonly Dictionary<DecodingRequest, int> _arrivals = [];
    private readonly Dictionary<DecodingRequest, int> _cancelAfter = [];
    private readonly List<DecodingRequest> _running = [];
    private StepStats _stats;

    private WorkloadDecoder(LawRun run, Workload work, IDecodingStrategy strategy, KvPool pool, bool alone)
    {
        (_run, _work, _strategy, _pool, _alone) = (run, work.Within(run.Subject.MostNewTokens), strategy, pool, alone);
        _random = new CaseRandom(work.ScheduleSeed);
    }

    /// <summary>All requests together, as the workload schedules them.</summary>
    public static DecodedWorkload Together(LawRun run, Func<ModelRunner, IDecodingStrategy> strategy, Workload work)
    {
        TransformerModel model = run.Model(work.Model, work.ModelSeed, threads: 2);
        using Served served = Serve(model, strategy, work.ArenaRows, work.PoolSequences);
        return new WorkloadDecoder(run, work, served.Strategy, served.Runner.Pool, alone: false).Decode(model);
    }

    /// <summary>One request after another, none with company.</summary>
    public static DecodedWorkload Alone(LawRun run, Func<ModelRunner, IDecodingStrategy> strategy, Workload work)
    {
        TransformerModel model = run.Model(work.Model, work.ModelSeed);
        using Served served = Serve(model, strategy, rows: 48, sequences: 1);
        return new WorkloadDecoder(run, work, served.Strategy, served.Runner.Pool, alone: true).Decode(model);
    }

    /// <summary>A strategy over a runner of the given size; trees have room beyond the sequences.</summary>
    public static Served Serve(TransformerModel model, Func<ModelRunner, IDecodingStrategy> strategy, int rows, int sequences)
    {
        var runner = new ModelRunner(model, rows, sequences * (Math.Min(model.ContextLength, TinyModels.ContextLength) + 32));
        return new Served(strategy(runner), runner);
    }

    /// <summary>A strategy, which owns its runner.</summary>
    public sealed record Served(IDecodingStrategy Strategy, ModelRunner Runner) : IDisposable
    {
        public void Dispose() => Strategy.Dispose();
    }

    private DecodedWorkload Decode(TransformerModel model)
    {
        DecodingRequest[] all = _work.Requests(new LetterText(model.Config.VocabSize));
        var waiting = new Queue<DecodingRequest>(all);
        foreach (DecodingRequest request in all)
        {
            _arrivals[request] = _alone ? 0 : _random.Below(6);
            if (_work.Cancels && !_alone && _random.Below(2) == 0) _cancelAfter[request] = _random.Below(12);
        }
        string? complaint = null;
        const int DraftsByStep = 32; // a strategy of several levels runs smaller models' passes in steps of their own
        int drafting = 0, most = 100 + all.Sum(r => 2 * r.PromptLength + 2 * (r.Options.MaxNewTokens ?? TinyModels.ContextLength));
        for (int step = 0; complaint is null && waiting.Count + _running.Count > 0; step++)
        {
            _run.ThrowIfOver();
            StepStats before = _stats;
            if (step - drafting > most || drafting > DraftsByStep * most) complaint = $"{_running.Count} requests are still not finished after {step} steps";
            else complaint = Admit(waiting, step) ?? StepOnce();
            if (_stats.DraftForwards > before.DraftForwards && _stats.TargetForwards == before.TargetForwards) drafting++;
            Leave();
        }
        foreach (DecodingRequest request in _running) _strategy.Release(request);
        return new DecodedWorkload(all, _stats, complaint ?? Leaks());
    }

    private string? Admit(Queue<DecodingRequest> waiting, int step)
    {
        int limit = _alone ? 1 : _work.MaxBatch;
        while (_running.Count < limit && waiting.TryPeek(out DecodingRequest? next) && _arrivals[next] <= step)
        {
            int pages = _pool.FreePages;
            if (!_strategy.TryAdmit(next)) return _running.Count == 0 ? "a request was not admitted although nothing else runs" : null;
            if (_pool.FreePages != pages || next.Output.Length > 0) return "admission did more than reserve: it took pages or emitted a token";
            _running.Add(waiting.Dequeue());
        }
        return null;
    }

    private string? StepOnce()
    {
        if (_running.Count == 0) return null;
        int before = _running.Sum(r => r.Output.Length);
        int[] order = _random.Shuffled(_running.Count);
        StepStats step = _strategy.Step([.. order.Select(i => _running[i])]);
        _stats += step;
        if (step is { Emitted: 0, LayerRows: 0, DraftForwards: 0 }) return "a step ran no row through any layer and emitted nothing";
        int emitted = _running.Sum(r => r.Output.Length) - before;
        if (step.Emitted != emitted) return $"a step says that it emitted {step.Emitted} tokens; {emitted} were";
        return _running.FirstOrDefault(r => r.Error is not null)?.Error is { } error ? $"a request failed: {error.Message}" : null;
    }

    private void Leave()
    {
        foreach (DecodingRequest request in _running.ToArray())
        {
            if (_cancelAfter.TryGetValue(request, out int left) && (_cancelAfter[request] = left - 1) < 0) request.Finish(FinishReason.Cancelled);
            if (!request.IsFinished) continue;
            _strategy.Release(request);
            _running.Remove(request);
        }
    }

    private string? Leaks()
    {
        int total = _pool.Store.Shape.Pages;
        return _pool.FreePages == total && _pool.UnreservedPages == total
            ? null
            : $"everybody has left, and {total - _pool.FreePages} pages are held and {total - _pool.UnreservedPages} reserved";
    }
}
