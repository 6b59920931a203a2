using FsCheck;
using FsCheck.Fluent;
using Switchyard.Model;
using Switchyard.Properties.Faults;
using Switchyard.Properties.Reference;
using Switchyard.Strategies;
using Switchyard.Strategies.Drex;
using Switchyard.Tensor;

namespace Switchyard.Properties;

/// <summary>What early exit with rebatching owes (DREX, arXiv:2512.15705; docs/papers/drex.md): who leaves where, and what is left behind.</summary>
public static partial class DrexLaws
{
    /// <summary>Every law; they say nothing about other strategies.</summary>
    public static IReadOnlyList<Law> All { get; } =
    [
        Of("drex/thresholds", "No row leaves at or below its threshold, and none while its prompt runs; a policy that forces rows out says so and counts them.", Thresholds,
            PlantedDrexBugs.Flatters, PlantedDrexBugs.IgnoresThresholds),
        Of("drex/alone", "In any company every token, and the depth it leaves at, is that of the same exit rule run on the request alone, in the plainest way.", Alone,
            PlantedDrexBugs.Crowded, PlantedDrexBugs.Unfilled, PlantedDrexBugs.SourceTooLow),
        Of("drex/off", "Requests with a threshold of 1, and all requests where exits are off, get plain decoding's tokens among others that leave early.", Off,
            PlantedDrexBugs.IgnoresThresholds),
        Of("drex/layers", "A row runs exactly the layers before its exit, or all of them, once.", Layers,
            PlantedDrexBugs.CountsTwice),
        Of("drex/conservation", "Tokens out are tokens left at exits, at full depth and after prompts, one for each position; nothing is copied, nobody stays behind.", Conservation,
            PlantedDrexBugs.Miscounts, PlantedDrexBugs.Copies),
        Of("drex/waiting", "Rows that wait are bounded in number and time, and go on first in, first out.", Waiting,
            PlantedDrexBugs.Withholds),
        Of("drex/source-map", "Deeper keys and values of a row that left are named after its last layer, and it and later rows are kept from exact readers; all others are their own.", SourceMap,
            PlantedDrexBugs.Unfilled, PlantedDrexBugs.SourceTooLow),
        Of("drex/flushed", "When a request ends, every row's keys and values, those of rows that waited and were merged too, are bit for bit those of the request decoded alone.", Flushed,
            PlantedDrexBugs.KeysMoved, PlantedDrexBugs.SourceTooLow),
        Of("drex/paper-split", "Under stays=paper a batch is split only if more rows than its threshold want to leave, and then keeps none of them.", PaperSplit,
            PlantedDrexBugs.SplitsTooEarly),
        Of("drex/paper-stays", "Under stays=paper tokens differ from the same rule run on the request alone only after a row was kept that would have left, and nobody is forced out.", PaperStays,
            PlantedDrexBugs.CrowdedPaper),
    ];

    private static Arbitrary<Workload> Work => Arb.From(
        from work in Workload.Any.Generator
        from confidence in Gen.Elements(0f, 0.01f, 0.03f, 0.06f, 0.1f, 0.2f)
        from tokens in Gen.Choose(4, 24)
        select work with { Options = work.Options with { ExitConfidence = confidence, MaxNewTokens = tokens }, Cancels = work.ScheduleSeed % 3 == 0 },
        work => work.Smaller());

    private static CheckedLaw<Workload> Of(string id, string sentence, Func<LawRun, Workload, Verdict> judge, params PlantedBug[] bugs) =>
        new(id, LawKind.Strategy, sentence, Work, 20, judge, bugs);

    private static GenerationOptions Options(Workload work, int index) => work.Options with { Seed = work.Options.Seed + (ulong)index };

    private static Verdict Thresholds(LawRun run, Workload work) => ExitRun.Judge(run, work, i => Options(work, i), result =>
    {
        long forced = 0;
        foreach (DrexEvent e in result.Events.Where(e => e.Kind is DrexEventKind.Exited or DrexEventKind.Spoke))
        {
            DecodingRequest request = result.Requests[e.Request];
            if (e.Position < request.PromptLength) return Verdict.Broken($"request {e.Request} left at layer {e.Depth} with its prompt's position {e.Position}");
            if (e.Value > result.Threshold(request)) continue;
            bool said = result.Strategy.Guarantee == DecodingGuarantee.BatchDependent && result.Events.Any(f => f.Kind == DrexEventKind.ForcedExit && (f.Step, f.Request) == (e.Step, e.Request));
            if (!said) return Verdict.Broken($"request {e.Request} left at layer {e.Depth}, position {e.Position}, with confidence {e.Value:R}; its threshold is {result.Threshold(request):R}");
            forced++;
        }
        if (forced != result.Strategy.Statistics.ForcedExits) return Verdict.Broken($"{forced} rows were forced out, {result.Strategy.Statistics.ForcedExits} are counted");
        return CompareAlone(run, work, result, (number, got, alone) => got.Depth == alone.Depth && got.Depth < result.Model.Config.LayerCount && got.Value != alone.Confidence
            ? $"request {number}, position {got.Position}: confidence {got.Value:R} at layer {got.Depth}, alone it is {alone.Confidence:R}" : null);
    });

    private static Verdict Alone(LawRun run, Workload work) => ExitRun.Judge(run, work, i => Options(work, i), result =>
        CompareAlone(run, work, result, (number, got, alone) => got.Depth != alone.Depth ? $"request {number} left at layer {got.Depth} at position {got.Position}, alone at {alone.Depth}" : null));

    /// <summary>Compares tokens with the plainest decoder's, and whatever else; nothing where tokens may depend on company.</summary>
    private static Verdict CompareAlone(LawRun run, Workload work, ExitRun result, Func<int, DrexEvent, ExitToken, string?> differs)
    {
        if (result.Strategy.Guarantee == DecodingGuarantee.BatchDependent) return Verdict.Held;
        using var runner = new ModelRunner(result.Model, batchRows: 48, cacheSlots: TinyModels.ContextLength + 32);
        for (int number = 0; number < result.Requests.Count; number++)
        {
            DecodingRequest request = result.Requests[number];
            var again = new DecodingRequest(request.Tokens[..request.PromptLength], request.Options, new LetterText(result.Model.Config.VocabSize));
            List<ExitToken> alone = SequentialExits.Decode(runner, again, result.Strategy.Exits, result.Threshold(request), result.FillsAll);
            int[] got = request.Output.ToArray(), want = [.. alone.Select(t => t.Token)];
            bool same = request.FinishReason == FinishReason.Cancelled ? got.SequenceEqual(want.Take(got.Length)) : got.SequenceEqual(want);
            if (!same) return Verdict.Broken($"request {number}: got [{string.Join(",", got)}], alone it is [{string.Join(",", want)}]");
            foreach ((DrexEvent token, ExitToken expected) in result.TokensOf(number).Zip(alone))
                if (differs(number, token, expected) is { } finding) return Verdict.Broken(finding);
        }
        return Verdict.Held;
    }

    private static Verdict Off(LawRun run, Workload work)
    {
        DecodedWorkload plain = WorkloadDecoder.Alone(run, runner => new AutoregressiveStrategy(runner), work with { Cancels = false });
        return ExitRun.Judge(run, work with { Cancels = false }, i => Options(work, i) with { ExitConfidence = i % 2 == 0 ? 1 : work.Options.ExitConfidence }, result =>
        {
            for (int i = 0; i < result.Requests.Count; i++) // admitted in order
            {
                if (i % 2 == 1 && result.Strategy.Exits.Count > 0) continue;
                int[] got = result.Requests[i].Output.ToArray(), want = plain.Requests[i].Output.ToArray();
                if (!got.SequenceEqual(want)) return Verdict.Broken($"request {i} never leaves early and got [{string.Join(",", got)}], plain decoding [{string.Join(",", want)}]");
            }
            return Verdict.Held;
        });
    }

    private static Verdict Layers(LawRun run, Workload work) => ExitRun.Judge(run, work, i => Options(work, i), result =>
    {
        int layers = result.Model.Config.LayerCount;
        for (int number = 0; number < result.Requests.Count; number++)
        {
            DecodingRequest request = result.Requests[number];
            if (request.FinishReason == FinishReason.Cancelled) continue; // it may have left a row half way
            int[] depths = [.. result.TokensOf(number).Select(e => e.Depth)];
            if (!depths.SequenceEqual(request.Statistics.TokenDepths!)) return Verdict.Broken($"request {number} reports depths [{string.Join(",", request.Statistics.TokenDepths!)}], the timeline [{string.Join(",", depths)}]");
            long all = (long)layers * (request.PromptLength + depths.Length - 1), least = ((long)layers * request.PromptLength) + depths.Skip(1).Sum(), ran = request.Statistics.LayerRows;
            if (ran < least || ran > (result.FillsAll ? all : least)) return Verdict.Broken($"request {number} ran {ran} rows × layers; its depths [{string.Join(",", depths)}] make {least}");
        }
        long sum = result.Requests.Sum(r => r.Statistics.LayerRows);
        return Verdict.Of(sum == result.LayerRows && sum == result.Strategy.Statistics.LayerRows, () => $"requests ran {sum} rows × layers, steps say {result.LayerRows}, the strategy {result.Strategy.Statistics.LayerRows}");
    });

    private static Verdict Conservation(LawRun run, Workload work) => ExitRun.Judge(run, work, i => Options(work, i), result =>
    {
        DrexStatistics s = result.Strategy.Statistics;
        long output = result.Requests.Sum(r => (long)r.Output.Length);
        if (output != s.Tokens || output != result.Emitted) return Verdict.Broken($"{output} tokens came out; {s.ExitTokens} left early, {s.DeepTokens} at full depth, {s.PromptTokens} after prompts; steps say {result.Emitted}");
        for (int number = 0; number < result.Requests.Count; number++)
        {
            DecodingRequest request = result.Requests[number];
            int[] positions = [.. result.TokensOf(number).Select(e => e.Position)];
            if (!positions.SequenceEqual(Enumerable.Range(request.PromptLength - 1, request.Output.Length))) return Verdict.Broken($"request {number} has tokens at positions [{string.Join(",", positions)}], with a prompt of {request.PromptLength} and {request.Output.Length} out");
        }
        if (s.ActivationBytesCopied + s.KvBytesCopied != 0) return Verdict.Broken($"{s.ActivationBytesCopied} bytes of activations and {s.KvBytesCopied} of keys and values were copied");
        return Verdict.Of(result.Strategy.ParkedRows == 0, () => $"everybody has left, and {result.Strategy.ParkedRows} rows still wait");
    });

    private static Verdict Waiting(LawRun run, Workload work)
    {
        int most = 0;
        return ExitRun.Judge(run, work, i => Options(work, i), result =>
        {
            DrexOptions options = result.Strategy.Options;
            int limit = options.MaxParked ?? (2 * options.MaxRows) + 1;
            if (most > limit) return Verdict.Broken($"{most} rows waited at once; the bound is {limit}");
            // The whole queue takes a step for every pass it fills, at every exit; ART's flushes choose the fullest queue and bound no single row.
            int longest = options.MaxWait + result.Strategy.Exits.Count + (limit / options.MaxRows) + 1;
            if (!options.IsBatchDependent && result.Strategy.Statistics.LongestWait > longest) return Verdict.Broken($"a row waited {result.Strategy.Statistics.LongestWait} steps; the bound is {longest}");
            return Overtaking(result) is { } finding ? Verdict.Broken(finding) : Verdict.Held;
        }, (strategy, _) =>
        {
            most = Math.Max(most, strategy.ParkedRows);
            return null;
        });
    }

    private static string? Overtaking(ExitRun result)
    {
        var queues = new Dictionary<int, Queue<int>>(); // by depth
        foreach (DrexEvent e in result.Events)
        {
            if (!queues.TryGetValue(e.Depth, out Queue<int>? queue)) queues[e.Depth] = queue = new();
            if (e.Kind == DrexEventKind.Parked) queue.Enqueue(e.Request);
            if (e.Kind != DrexEventKind.Resumed) continue;
            while (queue.TryDequeue(out int first) && first != e.Request)
                if (result.Requests[first].FinishReason != FinishReason.Cancelled) return $"request {e.Request} went on at layer {e.Depth} in step {e.Step}, before request {first}, which had waited longer";
        }
        return null;
    }

    private static Verdict SourceMap(LawRun run, Workload work) => ExitRun.Judge(run, work with { Cancels = false }, i => Options(work, i), _ => Verdict.Held, (strategy, admitted) =>
    {
        for (int number = 0; number < admitted.Count; number++)
        {
            if (admitted[number].State is null) continue; // has left
            KvSequence kv = strategy.CacheOf(admitted[number]);
            int layers = kv.Store.Shape.Layers;
            bool keeps = strategy.Options.Policy != DrexPolicy.LatencyOnly && strategy.Options.Kv == MissingKv.Source;
            IReadOnlyList<int> depths = admitted[number].Statistics.TokenDepths!;
            bool approximate = false;
            for (int slot = 0; slot < kv.Length; slot++)
            {
                int token = slot + 1 - admitted[number].PromptLength; // the one that was given after this row
                int depth = keeps && token > 0 && token < depths.Count ? depths[token] : layers;
                approximate |= depth < layers;
                if (kv.ProvenanceOf(slot) != (approximate ? strategy.Provenance : Provenance.Exact)) return $"request {number}: slot {slot} is marked {kv.ProvenanceOf(slot)}, with its row at depth {depth}";
                for (int layer = 0; layer < layers; layer++)
                    if (kv.Store.Source(layer, kv.Pages.StoreSlot(slot)) is var source && source != Math.Min(layer, depth - 1)) return $"request {number}: layer {layer} of slot {slot} is named after layer {source}; the row left after {depth} layers";
            }
        }
        return null;
    });

    private static Verdict Flushed(LawRun run, Workload work)
    {
        var looked = new HashSet<DecodingRequest>();
        return ExitRun.Judge(run, work with { Cancels = false }, i => Options(work, i), _ => Verdict.Held, (strategy, admitted) =>
        {
            if (strategy.Guarantee == DecodingGuarantee.BatchDependent) return null;
            for (int number = 0; number < admitted.Count; number++)
                if (admitted[number] is { IsFinished: true, State: not null } done && looked.Add(done) && DiffersAlone(run, work, strategy, done) is { } finding) return $"request {number}: {finding}";
            return null;
        });
    }

    private static string? DiffersAlone(LawRun run, Workload work, DrexStrategy strategy, DecodingRequest request)
    {
        TransformerModel model = run.Model(work.Model, work.ModelSeed);
        using var runner = new ModelRunner(model, batchRows: 48, cacheSlots: TinyModels.ContextLength + 32);
        bool exact = strategy.Options.Policy == DrexPolicy.LatencyOnly || strategy.Options.Kv == MissingKv.Postfill;
        KvSequence kv = strategy.CacheOf(request);
        string? finding = null;
        var again = new DecodingRequest(request.Tokens[..request.PromptLength], request.Options, new LetterText(model.Config.VocabSize));
        SequentialExits.Decode(runner, again, strategy.Exits, request.Options.ExitConfidence ?? strategy.Options.Confidence, exact, look: alone =>
        {
            for (int slot = 0; slot < Math.Min(kv.Length, alone.Length) && finding is null; slot++)
                for (int layer = 0; layer < model.Config.LayerCount && finding is null; layer++)
                    if (!KeysAndValues(model, kv, layer, slot).SequenceEqual(KeysAndValues(model, alone, layer, slot))) finding = $"keys and values of slot {slot} at layer {layer} are not those of the request alone";
        });
        return finding;
    }

    private static float[] KeysAndValues(TransformerModel model, KvSequence kv, int layer, int slot)
    {
        int width = kv.Store.Shape.KvDim, source = kv.Store.Source(layer, kv.Pages.StoreSlot(slot));
        float[] both = new float[2 * width];
        if (source >= 0) model.Backend.ReadKv(kv.Store, source, kv.Pages.StoreSlot(slot), both.AsSpan(0, width), both.AsSpan(width));
        return both;
    }
}
