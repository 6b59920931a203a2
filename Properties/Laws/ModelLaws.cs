using FsCheck;
using FsCheck.Fluent;
using Switchyard.Model;
using Switchyard.Properties.Faults;

namespace Switchyard.Properties;

/// <summary>What logits and caches owe, to the bit, whoever shares the pass.</summary>
public static class ModelLaws
{
    /// <summary>Every law.</summary>
    public static IReadOnlyList<Law> All { get; } =
    [
        new CheckedLaw<TreeCase>(
            "model/tree-rows", LawKind.Model,
            "A node of a draft tree has, bit for bit, the logits of the same tokens decoded one at a time, on one thread or two.",
            Arb.From(CaseGenerators.Trees(), c => c.Smaller()), 28, TreeRows,
            PlantedBackendBugs.Siblings, PlantedBackendBugs.PositionBySlot, PlantedBackendBugs.SumByRowCount, PlantedBackendBugs.TailFirst),
        new CheckedLaw<BatchCase>(
            "model/batch-alone", LawKind.Model,
            "Sequences that share passes, in any order, have the logits that each has alone, also when their rows skip layers or leave early.",
            Arb.From(Batches, c => c.Smaller()), 28, BatchAlone,
            PlantedBackendBugs.SumByRowCount, PlantedBackendBugs.TailForgotten, PlantedModelBugs.FirstPositionForAll),
        new CheckedLaw<BatchCase>(
            "model/chunked-prompt", LawKind.Model,
            "A prompt run in chunks of any sizes, or whole, has the logits and leaves the cache of one token at a time.",
            Arb.From(Batches, c => c.Smaller()), 28, ChunkedPrompt,
            PlantedModelBugs.FirstPositionForAll, PlantedBackendBugs.SumByRowCount, PlantedBackendBugs.TailForgotten),
        new CheckedLaw<TreeCase>(
            "model/rollback", LawKind.Model,
            "A tree that is drafted, run and rolled back leaves a cache bitwise as if it had never been.",
            Arb.From(CaseGenerators.Trees(), c => c.Smaller()), 28, Rollback,
            PlantedModelBugs.RollbackKeepsOne, PlantedModelBugs.RollbackLeavesStaged),
        new CheckedLaw<TreeCase>(
            "model/commit-path", LawKind.Model,
            "Committing a path of a tree leaves the cache, and gives the next logits, of its tokens decoded one at a time.",
            Arb.From(CaseGenerators.Trees(), c => c.Smaller()), 28, CommitPath,
            PlantedBackendBugs.NotGathered, PlantedBackendBugs.PositionBySlot, PlantedModelBugs.CommitKeepsFirst),
        new CheckedLaw<CatchUpCase>(
            "model/catch-up", LawKind.Model,
            "A cache left ahead, behind, wrong or written by a policy is put right by catching up: the next logits are plain decoding's.",
            Arb.From(CatchUps, c => c.Smaller()), 28, CatchUp,
            PlantedModelBugs.ProvenanceIgnored, PlantedModelBugs.DisagreeingTailKept),
        new CheckedLaw<CacheScript>(
            "cache/list-model", LawKind.Model,
            "Rented, staged, committed, rolled back, truncated, reconciled and returned sequences hold what plain lists would, and the pool counts its pages.",
            Arb.From(CacheScript.Any, s => s.Smaller()), 100, ListModel,
            PlantedModelBugs.RollbackKeepsOne, PlantedModelBugs.RollbackLeavesStaged, PlantedModelBugs.ProvenanceIgnored,
            PlantedModelBugs.DisagreeingTailKept, PlantedModelBugs.StagingKeepsSources, PlantedModelBugs.TruncateOffByOne,
            PlantedModelBugs.CommitKeepsFirst, PlantedBackendBugs.NotGathered),
        new CheckedLaw<BatchCase>(
            "model/reference", LawKind.Model,
            "Logits are, bit for bit, those of the naive reference backend.",
            Arb.From(Batches, c => c.Smaller()), 28, AgreesWithReference,
            PlantedBackendBugs.InputsOff, PlantedBackendBugs.LibraryExp, PlantedBackendBugs.Interleaved),
    ];

    private static Gen<BatchCase> Batches =>
        from model in CaseGenerators.Models
        from modelSeed in CaseGenerators.ModelSeeds
        from count in Gen.Choose(1, 4)
        from sequences in CaseGenerators.Tokens(1, 20).ArrayOf(count)
        from policy in Gen.Elements(RowPolicy.Exact, RowPolicy.SkipAbsent, RowPolicy.SkipZero, RowPolicy.Exit)
        from seed in CaseGenerators.Seeds
        select new BatchCase(model, modelSeed, sequences, policy, seed);

    private static Gen<CatchUpCase> CatchUps =>
        from model in CaseGenerators.Models
        from modelSeed in CaseGenerators.ModelSeeds
        from left in CaseGenerators.Tokens(0, 24)
        from same in Gen.Choose(0, 24)
        from fresh in CaseGenerators.Tokens(1, 12)
        from polluted in Gen.Choose(0, 30)
        from staged in Gen.Choose(0, 3)
        select new CatchUpCase(model, modelSeed, left, [.. left.Take(same), .. fresh], polluted, staged);

    private static Verdict TreeRows(LawRun run, TreeCase c)
    {
        using var tree = new LogitsProbe(run.Model(c.Model, c.ModelSeed, threads: 2));
        using var plain = new LogitsProbe(run.Model(c.Model, c.ModelSeed));
        KvSequence drafted = tree.Rent(), alone = plain.Rent();
        tree.Append(drafted, c.Prompt);
        float[][] got = tree.Forward(tree.AddTree(drafted, c.Tokens, c.Parents));

        foreach (int token in c.Prompt)
        {
            run.ThrowIfOver();
            plain.Append(alone, [token]);
        }
        float[][] want = new float[c.Tokens.Length][];
        for (int node = 0; node < want.Length; node++)
        {
            run.ThrowIfOver();
            foreach (int step in c.Path(node)) want[node] = plain.Append(alone, [c.Tokens[step]])[0];
            alone.Truncate(c.Prompt.Length);
        }
        return Bits.Compare(got, want, "in the tree", "decoded one at a time");
    }

    private static Verdict BatchAlone(LawRun run, BatchCase c)
    {
        float[][][] together = PolicyDecoder.Together(run.Model(c.Model, c.ModelSeed, threads: 2), c);
        for (int s = 0; s < c.Sequences.Length; s++)
        {
            run.ThrowIfOver();
            float[][] alone = PolicyDecoder.Alone(run.Model(c.Model, c.ModelSeed), c, s);
            Verdict verdict = Bits.Compare(together[s], alone, $"for sequence {s} in the batch", "alone");
            if (verdict.Outcome != LawOutcome.Held) return verdict;
        }
        return Verdict.Held;
    }

    private static Verdict ChunkedPrompt(LawRun run, BatchCase c)
    {
        TransformerModel model = run.Model(c.Model, c.ModelSeed);
        using LogitsProbe single = new(model), chunked = new(run.Model(c.Model, c.ModelSeed, threads: 2)), whole = new(model);
        var random = new CaseRandom(c.Seed);
        int[] prompt = [.. c.Sequences.SelectMany(s => s).Take(40)];
        KvSequence one = single.Rent(), parts = chunked.Rent(), all = whole.Rent();
        float[][] want = [.. prompt.SelectMany(token => single.Append(one, [token]))];
        var got = new List<float[]>();
        while (got.Count < prompt.Length)
        {
            int size = 1 + random.Below(Math.Min(20, prompt.Length - got.Count));
            got.AddRange(chunked.Append(parts, prompt.AsSpan(got.Count, size)));
        }
        return FirstBroken(
            () => Bits.Compare([.. got], want, "in chunks", "one token at a time"),
            () => Bits.Compare(whole.Append(all, prompt), want, "whole", "one token at a time"),
            () => Bits.Compare(chunked.Contents(parts), single.Contents(one), "in the cache after chunks", "after single tokens"),
            () => Bits.Compare(whole.Contents(all), single.Contents(one), "in the cache after the whole prompt", "after single tokens"));
    }

    private static Verdict Rollback(LawRun run, TreeCase c)
    {
        TransformerModel model = run.Model(c.Model, c.ModelSeed);
        using LogitsProbe drafting = new(model), plain = new(model);
        KvSequence kv = drafting.Rent(), never = plain.Rent();
        drafting.Append(kv, c.Prompt);
        plain.Append(never, c.Prompt);
        drafting.Forward(drafting.AddTree(kv, c.Tokens, c.Parents));
        run.Subject.Cache.Rollback(kv);
        drafting.Runner.Batch.Clear();

        int[] next = [c.Tokens[^1], c.Tokens[0]];
        if (kv.Length != never.Length || kv.Staged != 0) return Verdict.Broken($"{kv.Length} committed and {kv.Staged} staged after the rollback, {never.Length} before");
        if (kv.Pages.Count != never.Pages.Count) return Verdict.Broken($"the rollback left {kv.Pages.Count} pages, plain decoding has {never.Pages.Count}");
        return FirstBroken(
            () => Bits.Compare(drafting.Contents(kv), plain.Contents(never), "in the cache after the rollback", "never drafted"),
            () => Bits.Compare(drafting.Append(kv, next), plain.Append(never, next), "after the rollback", "never drafted"),
            () => Bits.Compare(drafting.Contents(kv), plain.Contents(never), "in the cache later on", "never drafted"));
    }

    private static Verdict CommitPath(LawRun run, TreeCase c)
    {
        TransformerModel model = run.Model(c.Model, c.ModelSeed);
        using LogitsProbe drafting = new(model), plain = new(model);
        KvSequence kv = drafting.Rent(), alone = plain.Rent();
        drafting.Append(kv, c.Prompt);
        int[] rows = drafting.AddTree(kv, c.Tokens, c.Parents), path = c.Path(c.Tokens.Length - 1);
        drafting.Forward(rows);
        run.Subject.Cache.Commit(kv, [.. path.Select(node => drafting.Runner.Batch.Slot(rows[node]))]);
        drafting.Runner.Batch.Clear();

        int[] tokens = c.Sequence(c.Tokens.Length - 1), next = [c.Tokens[0], c.Prompt[0]];
        foreach (int token in tokens) plain.Append(alone, [token]);
        if (!kv.Tokens.SequenceEqual(tokens)) return Verdict.Broken($"the cache says [{string.Join(",", kv.Tokens.ToArray())}], the path is [{string.Join(",", tokens)}]");
        return FirstBroken(
            () => Bits.Compare(drafting.Contents(kv), plain.Contents(alone), "in the cache after committing the path", "decoded one at a time"),
            () => Bits.Compare(drafting.Append(kv, next), plain.Append(alone, next), "after committing the path", "decoded one at a time"));
    }

    private static Verdict CatchUp(LawRun run, CatchUpCase c)
    {
        TransformerModel model = run.Model(c.Model, c.ModelSeed);
        using LogitsProbe reused = new(model), plain = new(model);
        KvSequence kv = reused.Rent();
        PolicyDecoder.Pollute(reused, kv, c);
        for (int i = 0; i < c.Staged; i++) kv.Stage(i);

        run.Subject.Cache.CatchUp(reused.Runner, kv, c.Tokens, Provenance.Exact);
        if (!kv.Tokens.SequenceEqual(c.Tokens.AsSpan(..^1))) return Verdict.Broken($"after catching up the cache says [{string.Join(",", kv.Tokens.ToArray())}]");
        return Bits.Compare(reused.Append(kv, c.Tokens.AsSpan(^1..)), [plain.OneByOne(c.Tokens)[^1]], "after catching up", "in a new cache");
    }

    private static Verdict ListModel(LawRun run, CacheScript script)
    {
        using var machine = new CacheMachine(run.Backend(), run.Subject.Cache, script.Pages);
        return machine.Play(script);
    }

    private static Verdict AgreesWithReference(LawRun run, BatchCase c)
    {
        float[][][] got = PolicyDecoder.Together(run.Model(c.Model, c.ModelSeed, threads: 2), c);
        float[][][] want = PolicyDecoder.Together(run.ReferenceModel(c.Model, c.ModelSeed), c);
        return FirstBroken([.. got.Select((sequence, s) => (Func<Verdict>)(() => Bits.Compare(sequence, want[s], "on the subject", "on the reference")))]);
    }

    internal static Verdict FirstBroken(params IEnumerable<Func<Verdict>> verdicts)
    {
        foreach (Func<Verdict> judge in verdicts)
            if (judge() is { Outcome: not LawOutcome.Held } broken) return broken;
        return Verdict.Held;
    }
}
