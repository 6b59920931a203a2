using Switchyard.Model;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;

namespace Switchyard.Properties;

/// <summary>What came of serving a workload with DREX.</summary>
/// <param name="Strategy">The instance, not yet disposed.</param>
/// <param name="Model">Its model.</param>
/// <param name="Requests">Every request, in order of admission: the order of the numbers in the timeline.</param>
/// <param name="Events">The timeline.</param>
/// <param name="LayerRows">Σ over steps of rows × layers, as the steps say.</param>
/// <param name="Emitted">Σ over steps of tokens, as the steps say.</param>
internal sealed record ExitRun(DrexStrategy Strategy, TransformerModel Model, IReadOnlyList<DecodingRequest> Requests, IReadOnlyList<DrexEvent> Events, long LayerRows, long Emitted)
{
    /// <summary>A request's own threshold.</summary>
    public float Threshold(DecodingRequest request) => request.Options.ExitConfidence ?? Strategy.Options.Confidence;

    /// <summary>Whether rows that left early still run through every layer.</summary>
    public bool FillsAll => Strategy.Options.Policy == DrexPolicy.LatencyOnly || Strategy.Options.Kv == MissingKv.Postfill;

    /// <summary>Events that gave a request's tokens, by position.</summary>
    public DrexEvent[] TokensOf(int number) =>
        [.. Events.Where(e => e.Request == number && e.Kind is (DrexEventKind.Exited or DrexEventKind.Spoke or DrexEventKind.Completed or DrexEventKind.Prompted)).OrderBy(e => e.Position)];

    /// <summary>Serves requests that arrive, share steps and are cancelled as the workload says, and judges what came of it.</summary>
    /// <param name="run">The subject.</param>
    /// <param name="work">The workload.</param>
    /// <param name="options">Options of the i-th request.</param>
    /// <param name="judge">Decides.</param>
    /// <param name="look">Called after every step with those that run; gives a complaint, or null.</param>
    public static Verdict Judge(
        LawRun run, Workload work, Func<int, GenerationOptions> options, Func<ExitRun, Verdict> judge, Func<DrexStrategy, IReadOnlyList<DecodingRequest>, string?>? look = null)
    {
        TransformerModel model = run.Model(work.Model, work.ModelSeed);
        using WorkloadDecoder.Served served = WorkloadDecoder.Serve(model, run.Subject.Strategy, work.ArenaRows, work.PoolSequences);
        if (Undecorated(served.Strategy) is not DrexStrategy drex) return Verdict.NotApplicable("only DREX lets rows leave early");
        if (!drex.Log.IsEnabled) return Verdict.NotApplicable("the strategy keeps no timeline; give it DrexOptions.LogCapacity");
        var text = new LetterText(model.Config.VocabSize);
        var waiting = new Queue<DecodingRequest>(work.Prompts.Select((prompt, i) => new DecodingRequest(prompt, options(i), text)));
        var (admitted, running, random, stats) = (new List<DecodingRequest>(), new List<DecodingRequest>(), new CaseRandom(work.ScheduleSeed), default(StepStats));
        int most = 200 + waiting.Sum(r => 4 * (r.PromptLength + (r.Options.MaxNewTokens ?? TinyModels.ContextLength)));
        for (int step = 0; waiting.Count + running.Count > 0; step++)
        {
            if (step > most) return Verdict.Broken($"{running.Count} requests are still not finished after {step} steps");
            while (running.Count < work.MaxBatch && waiting.Count > 0 && (running.Count == 0 || random.Below(2) == 0))
            {
                if (!served.Strategy.TryAdmit(waiting.Peek())) break;
                admitted.Add(waiting.Peek());
                running.Add(waiting.Dequeue());
            }
            if (running.Count == 0) return Verdict.Broken("a request was not admitted although nothing else runs");
            stats += served.Strategy.Step([.. random.Shuffled(running.Count).Select(i => running[i])]);
            if (look?.Invoke(drex, admitted) is { } complaint) return Verdict.Broken(complaint);
            foreach (DecodingRequest done in running.Where(r => r.IsFinished || (work.Cancels && admitted.IndexOf(r) % 3 == 1 && random.Below(6) == 0)).ToArray())
            {
                done.Finish(FinishReason.Cancelled);
                served.Strategy.Release(done);
                running.Remove(done);
            }
        }
        return judge(new ExitRun(drex, model, admitted, drex.Log.ToList(), stats.LayerRows, stats.Emitted));
    }

    private static IDecodingStrategy Undecorated(IDecodingStrategy strategy) => strategy is Faults.StrategyDecorator decorator ? decorator.Undecorated : strategy;
}
