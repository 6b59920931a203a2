using FsCheck;
using FsCheck.Fluent;
using Switchyard.Model;
using Switchyard.Properties.Faults;
using Switchyard.Strategies;

namespace Switchyard.Properties;

/// <summary>What every <see cref="IDecodingStrategy"/> owes, token for token.</summary>
public static class StrategyLaws
{
    /// <summary>Every law.</summary>
    public static IReadOnlyList<Law> All { get; } =
    [
        new CheckedLaw<Workload>(
            "tokens/same", LawKind.Strategy,
            "A strategy gives the tokens that its guarantee names, at any temperature, with any options: plain decoding's, or its own policy's alone.",
            Workload.Any, 40, SameTokens,
            PlantedStrategyBugs.SamplesLate, PlantedStrategyBugs.ChildWithoutParent, PlantedStrategyBugs.PathNotGathered,
            PlantedStrategyBugs.DraftTaken, PlantedStrategyBugs.Siblings, PlantedStrategyBugs.PositionFromSlot, PlantedModelBugs.FirstPositionForAll,
            PlantedRouterBugs.TakesWord),
        new CheckedLaw<Workload>(
            "tokens/schedule", LawKind.Strategy,
            "Requests that arrive, wait, share steps and are cancelled in any order have the tokens that each has alone; a cancelled one a prefix of them.",
            Arb.From(Workload.Any.Generator.Select(w => w with { Cancels = true }), w => w.Smaller()), 40, Scheduling,
            PlantedStrategyBugs.FirstSamplerForAll, PlantedStrategyBugs.ReleaseTouchesNeighbour, PlantedModelBugs.FirstPositionForAll,
            PlantedRouterBugs.FirstForAll),
        new CheckedLaw<Workload>(
            "tokens/context-end", LawKind.Strategy,
            "Decoding goes on to the last slot of the context, ends there, and its tokens are plain decoding's to the end.",
            Arb.From(ToTheEnd, w => w.Smaller().Select(s => s with { Options = s.Options with { MaxNewTokens = null } })), 10, ContextEnd,
            PlantedStrategyBugs.LastSlotUnused),
        new CheckedLaw<Workload>(
            "steps/accounting", LawKind.Strategy,
            "Admission only reserves, every step makes progress and counts what it emitted, and when everybody has left every page is free.",
            Arb.From(Workload.Any.Generator.Select(w => w with { Cancels = w.ScheduleSeed % 2 == 0 }), w => w.Smaller()), 30, Accounting,
            PlantedStrategyBugs.LeaksPages, PlantedStrategyBugs.Miscounts, PlantedStrategyBugs.AdmissionRuns),
        new CheckedLaw<Workload>(
            "steps/allocation", LawKind.Strategy,
            "After warm-up a step allocates no managed memory.",
            Arb.From(Steady, w => w.Smaller()), 8, Allocation,
            PlantedStrategyBugs.Allocates),
    ];

    private static Gen<Workload> ToTheEnd =>
        from work in Workload.Any.Generator
        from tail in Gen.Choose(1, 12)
        select work with
        {
            Prompts = [.. work.Prompts.Take(2).Select(p => (int[])[.. Enumerable.Repeat(p, TinyModels.ContextLength).SelectMany(t => t).Take(TinyModels.ContextLength - tail)])],
            Options = work.Options with { MaxNewTokens = null, StopTokens = [], StopStrings = [] },
        };

    private static Gen<Workload> Steady =>
        from work in Workload.Any.Generator
        select work with
        {
            Prompts = [.. work.Prompts.Select(p => p.Take(8).ToArray())],
            Options = work.Options with { MaxNewTokens = 40, StopTokens = [], StopStrings = [], RepetitionPenalty = 1, FrequencyPenalty = 0, PresencePenalty = 0 },
            ArenaRows = 48,
            PoolSequences = 6,
        };

    private static Verdict SameTokens(LawRun run, Workload work)
    {
        DecodedWorkload subject = WorkloadDecoder.Together(run, run.Subject.Strategy, work);
        if (subject.Complaint is { } complaint) return Verdict.Broken(complaint);
        return Compare(subject, WorkloadDecoder.Alone(run, Oracle(run), work), mayBePrefix: false);
    }

    private static Verdict Scheduling(LawRun run, Workload work)
    {
        DecodedWorkload together = WorkloadDecoder.Together(run, run.Subject.Strategy, work);
        if (together.Complaint is { } complaint) return Verdict.Broken(complaint);
        return Compare(together, WorkloadDecoder.Alone(run, run.Subject.Strategy, work), mayBePrefix: true);
    }

    private static Verdict ContextEnd(LawRun run, Workload work)
    {
        int context = run.Model(work.Model, work.ModelSeed).ContextLength;
        if (context != TinyModels.ContextLength) return Verdict.NotApplicable("the model's context is longer than this law goes");
        DecodedWorkload subject = WorkloadDecoder.Together(run, run.Subject.Strategy, work);
        if (subject.Complaint is { } complaint) return Verdict.Broken(complaint);
        foreach (DecodingRequest request in subject.Requests)
            if (request.FinishReason != FinishReason.ContextFull || request.Tokens.Length != context + 1)
                return Verdict.Broken($"a request ended with {request.Tokens.Length} tokens ({request.FinishReason}); the context of {context} gives {context + 1}");
        return Compare(subject, WorkloadDecoder.Alone(run, Oracle(run), work), mayBePrefix: false);
    }

    private static Verdict Accounting(LawRun run, Workload work) =>
        WorkloadDecoder.Together(run, run.Subject.Strategy, work).Complaint is { } complaint ? Verdict.Broken(complaint) : Verdict.Held;

    /// <summary>
    /// The runtime may count a thread's unused allocation buffer as used when a collection retires it, so a step allocates only
    /// if it does in every one of three runs.
    /// </summary>
    private static Verdict Allocation(LawRun run, Workload work)
    {
        if (!run.Subject.ClaimsNoAllocation) return Verdict.NotApplicable($"{run.Subject.Name} does not claim it");
        long[][] runs = [StepBytes(run, work), StepBytes(run, work), StepBytes(run, work)];
        int steps = runs.Min(r => r.Length);
        if (steps == 0) return Verdict.NotApplicable("a request ended before the measurement began");
        for (int step = 0; step < steps; step++)
            if (runs.Min(r => r[step]) is > 0 and long bytes) return Verdict.Broken($"step {step} after warm-up allocated {bytes} bytes");
        return Verdict.Held;
    }

    /// <summary>Managed bytes that each step after warm-up allocates.</summary>
    private static long[] StepBytes(LawRun run, Workload work)
    {
        const int WarmUp = 24, Measured = 12;
        TransformerModel model = run.Model(work.Model, work.ModelSeed);
        using WorkloadDecoder.Served served = WorkloadDecoder.Serve(model, run.Subject.Strategy, work.ArenaRows, work.PoolSequences);
        DecodingRequest[] requests = [.. work.Requests(new LetterText(model.Config.VocabSize)).Take(work.PoolSequences)];
        if (requests.Any(r => !served.Strategy.TryAdmit(r))) throw new InvalidOperationException("A request was not admitted although there is room.");
        long[] bytes = new long[Measured];
        int measured = 0;
        for (int step = 0; step < WarmUp + Measured && !Array.Exists(requests, r => r.IsFinished); step++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            served.Strategy.Step(requests);
            long after = GC.GetAllocatedBytesForCurrentThread();
            if (step >= WarmUp) bytes[measured++] = after - before;
        }
        foreach (DecodingRequest request in requests) served.Strategy.Release(request);
        return bytes[..measured];
    }

    private static Func<ModelRunner, IDecodingStrategy> Oracle(LawRun run)
    {
        if (run.Subject.Oracle is { } oracle) return oracle;
        TransformerModel model = run.Model(0, 0);
        using WorkloadDecoder.Served probe = WorkloadDecoder.Serve(model, run.Subject.Strategy, 8, 1);
        return probe.Strategy.Guarantee == DecodingGuarantee.Lossless ? runner => new AutoregressiveStrategy(runner) : run.Subject.Strategy;
    }

    private static Verdict Compare(DecodedWorkload got, DecodedWorkload want, bool mayBePrefix)
    {
        if (want.Complaint is { } complaint) return Verdict.Broken($"alone: {complaint}");
        for (int i = 0; i < got.Requests.Length; i++)
        {
            (DecodingRequest subject, DecodingRequest oracle) = (got.Requests[i], want.Requests[i]);
            bool prefix = mayBePrefix && subject.FinishReason == FinishReason.Cancelled;
            int[] tokens = subject.Output.ToArray(), right = oracle.Output.ToArray();
            bool same = prefix ? tokens.SequenceEqual(right.Take(tokens.Length)) : tokens.SequenceEqual(right) && subject.Text == oracle.Text;
            if (!same) return Verdict.Broken($"request {i}: got [{string.Join(",", tokens)}] \"{subject.Text}\", alone it is [{string.Join(",", right)}] \"{oracle.Text}\"");
            if (!prefix && subject.FinishReason != oracle.FinishReason) return Verdict.Broken($"request {i} ended by {subject.FinishReason}, alone by {oracle.FinishReason}");
        }
        return Verdict.Held;
    }
}
